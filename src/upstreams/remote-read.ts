// Prometheus' remote read: what is asked and what is answered, as messages. Source: prometheus, prompb/remote.proto
// and prompb/types.proto. The one API of Prometheus that hands out stale markers.

import {
  Labels,
  PromfedError,
  type MatchOp,
  type Matcher,
  type RawSeries,
  type TimeWindow,
} from '../model/index.js';
import { bytesField, fieldsOf, varintField } from './protobuf.js';
import { packSnappy, unpackSnappy } from './snappy-block.js';

/** LabelMatcher.Type. */
const MATCH_TYPES: Readonly<Record<MatchOp, number>> = { '=': 0, '!=': 1, '=~': 2, '!~': 3 };

/** A message is unpacked and read as a whole; larger answers are refused. */
const MAX_MESSAGE_BYTES = 256 << 20;

/** So many bytes are decoded between two turns of the event loop. */
const PAUSE_BYTES = 1 << 20;

/** The body of the request for the samples in a window: one query, answered as samples. */
export function createReadRequest(matchers: readonly Matcher[], { afterMs, untilMs }: TimeWindow): Buffer {
  const query = Buffer.concat([
    // Both inclusive.
    varintField(1, Math.floor(afterMs) + 1),
    varintField(2, Math.floor(untilMs)),
    ...matchers.map(({ name, op, value }) =>
      bytesField(
        3,
        Buffer.concat([
          varintField(1, MATCH_TYPES[op]),
          bytesField(2, Buffer.from(name)),
          bytesField(3, Buffer.from(value)),
        ]),
      ),
    ),
  ]);
  return packSnappy(bytesField(1, query));
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
  for (const result of fieldsOf(unpackSnappy(body, MAX_MESSAGE_BYTES))) {
    if (result.number !== 1) continue;
    for (const series of fieldsOf(result.bytes)) {
      if (series.number !== 1) continue;
      bytes += series.bytes.length;
      if (bytes >= PAUSE_BYTES) {
        bytes = 0;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      yield decodeSeries(series.bytes, take);
    }
  }
}

/** TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4. */
function decodeSeries(message: Buffer, take: (samples: number) => void): RawSeries {
  let count = 0;
  for (const { number } of fieldsOf(message)) if (number === 2) count++;
  take(count);
  const pairs: [string, string][] = [];
  const timestamps = new Float64Array(count);
  const values = new Float64Array(count);
  const stale = new Uint8Array(count);
  let next = 0;
  for (const { number, bytes } of fieldsOf(message)) {
    if (number === 1) pairs.push(labelOf(bytes));
    else if (number === 4)
      throw new PromfedError('not_built', 'native histograms are not evaluated by promfed yet');
    else if (number === 2) {
      const { timeMs, value, isStale } = sampleOf(bytes);
      if (next > 0 && timeMs <= timestamps[next - 1]!) throw invalid('samples that go back in time');
      timestamps[next] = timeMs;
      values[next] = value;
      stale[next++] = isStale ? 1 : 0;
    }
  }
  const series = { labels: Labels.of(pairs), timestamps, values };
  return stale.includes(1) ? { ...series, stale } : series;
}

/** Label: name = 1, value = 2. */
function labelOf(message: Buffer): [string, string] {
  let name = '';
  let value = '';
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = field.bytes.toString('utf8');
    else if (field.number === 2) value = field.bytes.toString('utf8');
  }
  if (name === '') throw invalid('a label without a name');
  return [name, value];
}

/** Sample: value = 1, timestamp = 2. A field that is left out is zero. */
function sampleOf(message: Buffer): { timeMs: number; value: number; isStale: boolean } {
  let timeMs = 0;
  let value = 0;
  let isStale = false;
  for (const field of fieldsOf(message)) {
    if (field.number === 2) timeMs = field.value;
    else if (field.number === 1) {
      if (field.bytes.length !== 8) throw invalid('a sample without a value');
      value = field.bytes.readDoubleLE();
      // Prometheus, model/value (`StaleNaN`); from the bytes, for JavaScript does not keep what a NaN carries.
      isStale = field.bytes.readUInt32LE(0) === 2 && field.bytes.readUInt32LE(4) === 0x7ff00000;
    }
  }
  return { timeMs, value, isStale };
}

function invalid(what: string): PromfedError {
  return new PromfedError('upstream', `invalid answer: ${what}`);
}
