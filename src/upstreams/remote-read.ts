// Prometheus' remote read: what is asked and what is answered, as messages. Source: prometheus, prompb/remote.proto
// and prompb/types.proto. The one API of Prometheus that hands out stale markers.

import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import {
  Labels,
  PromfedError,
  type MatchOp,
  type Matcher,
  type RawSeries,
  type TimeWindow,
} from '../model/index.js';
import { packSnappy, unpackSnappy } from './snappy-block.js';

/** LabelMatcher.Type. */
const MATCH_TYPES: Readonly<Record<MatchOp, number>> = { '=': 0, '!=': 1, '=~': 2, '!~': 3 };

/** A message is unpacked and read as a whole; larger answers are refused. */
const MAX_MESSAGE_BYTES = 256 << 20;

/** So many bytes are decoded between two turns of the event loop. */
const PAUSE_BYTES = 1 << 20;

/** The body of the request for the samples in a window: one query, answered as samples. */
export function createReadRequest(matchers: readonly Matcher[], { afterMs, untilMs }: TimeWindow): Buffer {
  const query = new BinaryWriter();
  // Both inclusive.
  query.tag(1, WireType.Varint).int64(Math.floor(afterMs) + 1);
  query.tag(2, WireType.Varint).int64(Math.floor(untilMs));
  for (const { name, op, value } of matchers) {
    const matcher = new BinaryWriter();
    matcher.tag(1, WireType.Varint).int32(MATCH_TYPES[op]);
    matcher.tag(2, WireType.LengthDelimited).string(name);
    matcher.tag(3, WireType.LengthDelimited).string(value);
    query.tag(3, WireType.LengthDelimited).bytes(matcher.finish());
  }
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(query.finish());
  return packSnappy(request.finish());
}

/**
 * The series of an answer, one after the other.
 *
 * @param take told how many samples a series has before they are allocated.
 * @throws PromfedError `upstream` when the answer is not one, or its samples go back in time; `not_built` for native
 *   histograms; what `take` throws.
 */
export async function* readSeries(
  body: Uint8Array,
  take: (samples: number) => void,
): AsyncGenerator<RawSeries, void, undefined> {
  let bytes = 0;
  for (const result of messagesOf(await unpackSnappy(body, MAX_MESSAGE_BYTES), 1)) {
    for (const series of messagesOf(result, 1)) {
      bytes += series.length;
      if (bytes >= PAUSE_BYTES) {
        bytes = 0;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      yield decodeSeries(series, take);
    }
  }
}

/** TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4. */
function decodeSeries(message: Uint8Array, take: (samples: number) => void): RawSeries {
  if (messagesOf(message, 4).length > 0) {
    throw new PromfedError('not_built', 'native histograms are not evaluated by promfed yet');
  }
  const samples = messagesOf(message, 2);
  take(samples.length);
  const labels = Labels.of(messagesOf(message, 1).map(labelOf));
  const timestamps = new Float64Array(samples.length);
  const values = new Float64Array(samples.length);
  const stale = new Uint8Array(samples.length);
  samples.forEach((sample, i) => {
    const { timeMs, value, isStale } = sampleOf(sample);
    if (i > 0 && timeMs <= timestamps[i - 1]!) throw invalid('samples that go back in time');
    timestamps[i] = timeMs;
    values[i] = value;
    stale[i] = isStale ? 1 : 0;
  });
  const series = { labels, timestamps, values };
  return stale.includes(1) ? { ...series, stale } : series;
}

/** Label: name = 1, value = 2. */
function labelOf(message: Uint8Array): [string, string] {
  let name = '';
  let value = '';
  readFields(message, (number, wireType, reader) => {
    if (number === 1 && wireType === WireType.LengthDelimited) name = reader.string();
    else if (number === 2 && wireType === WireType.LengthDelimited) value = reader.string();
    else reader.skip(wireType);
  });
  if (name === '') throw invalid('a label without a name');
  return [name, value];
}

/** Sample: value = 1, timestamp = 2. A field that is left out is zero. */
function sampleOf(message: Uint8Array): { timeMs: number; value: number; isStale: boolean } {
  let timeMs = 0;
  let value = 0;
  let isStale = false;
  readFields(message, (number, wireType, reader) => {
    if (number === 2 && wireType === WireType.Varint) {
      timeMs = Number(reader.int64());
    } else if (number === 1 && wireType === WireType.Bit64) {
      const bytes = Buffer.from(message.buffer, message.byteOffset + reader.pos, 8);
      // Prometheus, model/value (`StaleNaN`); from the bytes, for JavaScript does not keep what a NaN carries.
      isStale = bytes.readUInt32LE(0) === 2 && bytes.readUInt32LE(4) === 0x7ff00000;
      value = reader.double();
    } else {
      reader.skip(wireType);
    }
  });
  return { timeMs, value, isStale };
}

/** The messages in the fields of this number, in their order: views, nothing is copied. */
function messagesOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  readFields(message, (number, wireType, reader) => {
    if (number === wanted && wireType === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(wireType);
  });
  return found;
}

/** Calls `read` for each field of a message; it reads the field, or skips it. */
function readFields(
  message: Uint8Array,
  read: (number: number, wireType: WireType, reader: BinaryReader) => void,
): void {
  const reader = new BinaryReader(message);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      read(number, wireType, reader);
    }
  } catch (thrown) {
    if (thrown instanceof PromfedError) throw thrown;
    throw new PromfedError('upstream', 'the answer is not a valid protocol buffer', { cause: thrown });
  }
}

function invalid(what: string): PromfedError {
  return new PromfedError('upstream', `invalid answer: ${what}`);
}
