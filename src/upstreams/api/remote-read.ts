// The messages of remote read, the only API of Prometheus that returns stale markers and complete native histograms.
// Source: prometheus, prompb/remote.proto and prompb/types.proto.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import type { MatchOp, Matcher, RawSeries, TimeWindow } from '../../model/index.js';
import { Pacer } from '../../runtime/index.js';
import { unchanged, type ReadingOptions } from '../wire/reading-options.js';
import { decodeHistogram } from '../wire/prompb-histogram.js';
import { messagesOf, readDouble, readFields, readLabels } from '../wire/prompb.js';
import { RawSamplesBuilder, type WireSample } from '../wire/raw-samples-builder.js';
import { encodeSnappy, decodeSnappy } from '../wire/snappy-block.js';

/** LabelMatcher.Type. */
const MATCH_TYPES: Readonly<Record<MatchOp, number>> = { '=': 0, '!=': 1, '=~': 2, '!~': 3 };

/** Maximum size of a decompressed SAMPLES response, which is held in memory in one piece. */
const MAX_MESSAGE_BYTES = 256 << 20;

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

/** Maximum size of one sample. The largest histograms have a million buckets. */
const MAX_SAMPLE_BYTES = 16 << 20;

/**
 * Yields the series of a SAMPLES response that have samples in the window, with these samples. Runs in time slices.
 *
 * @param reserve called with the weight of each sample before it is kept.
 * @throws PromfedError `upstream` when the response is invalid or its samples are not in the order of time;
 *   errors of `reserve`, of the account and of `Pacer.pause`.
 */
export async function* readSeries(
  body: Uint8Array,
  window: TimeWindow,
  reserve: (samples: number) => void,
  { signal, memory, labelsIn = unchanged }: ReadingOptions,
): AsyncGenerator<RawSeries, void, undefined> {
  const pacer = new Pacer(signal);
  let query = 0;
  for (const result of messagesOf(await decodeSnappy(body, MAX_MESSAGE_BYTES, memory), 1)) {
    if (pacer.due) await pacer.pause();
    if (result === undefined) continue;
    for (const series of messagesOf(result, 1)) {
      if (pacer.due) await pacer.pause();
      if (series === undefined || series.length === 0) continue;
      const samples = await readSamples(series, new RawSamplesBuilder(window, reserve), pacer);
      if (samples.isEmpty) continue;
      const labels = labelsIn(await readLabels(series, pacer), query);
      yield await samples.build(labels, pacer);
    }
    query++;
  }
}

/** TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4. */
async function readSamples(
  message: Uint8Array,
  samples: RawSamplesBuilder,
  pacer: Pacer,
): Promise<RawSamplesBuilder> {
  for (const [field, decode] of SAMPLE_FIELDS) {
    samples.beginRun();
    let count = 0;
    for (const encoded of messagesOf(message, field)) {
      count += encoded === undefined ? SAMPLES_EACH : 1 + encoded.length / HISTOGRAM_BYTES;
      if (count >= SAMPLES_EACH) {
        count = 0;
        if (pacer.due) await pacer.pause();
      }
      if (encoded === undefined) continue;
      if (encoded.length > MAX_SAMPLE_BYTES) {
        throw invalidAnswer(`a sample is larger than ${MAX_SAMPLE_BYTES} bytes`);
      }
      const { timeMs, sample } = decode(encoded);
      samples.add(timeMs, sample);
    }
  }
  return samples;
}

/** Number of floats that are decoded between two checks of the pacer, and the size of a histogram that costs as much as one. */
const SAMPLES_EACH = 256;
const HISTOGRAM_BYTES = 64;

/** The fields of samples and their decoders. The samples of one field are a run. */
const SAMPLE_FIELDS: readonly (readonly [
  field: number,
  decode: (message: Uint8Array) => { readonly timeMs: number; readonly sample: WireSample },
])[] = [
  [2, decodeSample],
  [4, decodeHistogram],
];

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
