// The messages of remote read, the only API of Prometheus that returns stale markers and complete native histograms.
// Source: prometheus, prompb/remote.proto and prompb/types.proto.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { Labels, MatchOp, Matcher, RawSeries, TimeWindow } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { decodeHistogram } from '../wire/prompb-histogram.js';
import { labelsOf, messagesOf, readDouble, readFields } from '../wire/prompb.js';
import { RawSamplesBuilder } from '../wire/raw-samples-builder.js';
import { encodeSnappy, decodeSnappy } from '../wire/snappy-block.js';

/** LabelMatcher.Type. */
const MATCH_TYPES: Readonly<Record<MatchOp, number>> = { '=': 0, '!=': 1, '=~': 2, '!~': 3 };

/** Maximum size of a decompressed SAMPLES response, which is held in memory in one piece. */
const MAX_MESSAGE_BYTES = 256 << 20;

/** Number of bytes decoded between two turns of the event loop. */
const PAUSE_BYTES = 1 << 20;

/** ReadRequest.ResponseType, in the order of preference: STREAMED_XOR_CHUNKS, SAMPLES. */
const ACCEPTED = Uint8Array.of(1, 0);

/**
 * Returns the body of a request for the samples in a window. A server that does not stream chunks returns a SAMPLES
 * response; the content type distinguishes them.
 *
 * @param queries the matchers of each query.
 */
export function createReadRequest(queries: readonly (readonly Matcher[])[], window: TimeWindow): Buffer {
  const request = new BinaryWriter();
  for (const matchers of queries) {
    request.tag(1, WireType.LengthDelimited).bytes(encodeQuery(matchers, window));
  }
  request.tag(2, WireType.LengthDelimited).bytes(ACCEPTED);
  return encodeSnappy(request.finish());
}

function encodeQuery(matchers: readonly Matcher[], { afterMs, untilMs }: TimeWindow): Uint8Array {
  const query = new BinaryWriter();
  // Remote read includes both ends of the range.
  query.tag(1, WireType.Varint).int64(Math.floor(afterMs) + 1);
  query.tag(2, WireType.Varint).int64(Math.floor(untilMs));
  for (const { name, op, value } of matchers) {
    const matcher = new BinaryWriter();
    matcher.tag(1, WireType.Varint).int32(MATCH_TYPES[op]);
    matcher.tag(2, WireType.LengthDelimited).string(name);
    matcher.tag(3, WireType.LengthDelimited).string(value);
    query.tag(3, WireType.LengthDelimited).bytes(matcher.finish());
  }
  return query.finish();
}

/**
 * Yields the series of a SAMPLES response, with their samples in the window.
 *
 * @param reserve called with the weight of each sample before it is kept.
 * @param memory account for the decompressed bytes, until the query is over.
 * @param labelsIn returns the labels of a series from those in the response and the index of its query. Default: the same.
 * @throws PromfedError `upstream` when the response is invalid or its samples are not in the order of time;
 *   errors of `reserve` and `memory`.
 */
export async function* readSeries(
  body: Uint8Array,
  window: TimeWindow,
  reserve: (samples: number) => void,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
  labelsIn: (labels: Labels, query: number) => Labels = (labels) => labels,
): AsyncGenerator<RawSeries, void, undefined> {
  let bytes = 0;
  let query = 0;
  for (const result of messagesOf(await decodeSnappy(body, MAX_MESSAGE_BYTES, memory), 1)) {
    for (const series of messagesOf(result, 1)) {
      bytes += series.length;
      if (bytes >= PAUSE_BYTES) {
        bytes = 0;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      yield decodeSeries(series, labelsIn(labelsOf(series), query), window, reserve);
    }
    query++;
  }
}

/** TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4. */
function decodeSeries(
  message: Uint8Array,
  labels: Labels,
  window: TimeWindow,
  reserve: (samples: number) => void,
): RawSeries {
  const series = new RawSamplesBuilder(labels, window, reserve);
  for (const encoded of messagesOf(message, 2)) {
    const { timeMs, sample } = decodeSample(encoded);
    series.add(timeMs, sample);
  }
  series.beginRun();
  for (const encoded of messagesOf(message, 4)) {
    const { timeMs, sample } = decodeHistogram(encoded);
    series.add(timeMs, sample);
  }
  return series.build();
}

/** Sample: value = 1, timestamp = 2. Missing fields are zero. */
function decodeSample(message: Uint8Array): { readonly timeMs: number; readonly sample: number | 'stale' } {
  let timeMs = 0;
  let sample: number | 'stale' = 0;
  readFields(message, (number, wireType, reader) => {
    if (number === 2 && wireType === WireType.Varint) {
      timeMs = Number(reader.int64());
    } else if (number === 1 && wireType === WireType.Bit64) {
      const { value, isStale } = readDouble(message, reader);
      sample = isStale ? 'stale' : value;
    } else {
      reader.skip(wireType);
    }
  });
  return { timeMs, sample };
}
