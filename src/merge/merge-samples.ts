// Merges two copies of a series in their bytes: what is kept is copied as the upstream wrote it, not printed anew.

import type { Labels } from '../model/index.js';
import { PromfedError } from '../model/index.js';
import { CLOSE_BRACKET, COMMA, holdsAt, OPEN_BRACKET, QUOTE } from './byte.js';
import type { Picks, Samples } from './pick-samples.js';
import { SampleReader } from './sample-reader.js';
import { invalidAnswer } from './upstream-answer-error.js';

/** Which samples of two copies are kept. */
export type PickRule = (a: Samples, b: Samples) => Picks;

const VALUES_KEY = Buffer.from('"values":[');

const readers = [new SampleReader(), new SampleReader()] as const;

/**
 * The samples of two copies of the series `labels`, both as a frame has them, as one.
 *
 * Copies that are equal byte for byte pass as they are, whatever they hold. For instant vectors (`value`) the rule sees
 * one sample a side, and of what it keeps the first copy's is taken.
 *
 * @param keepsFirst whether the rule keeps all of the first copy and nothing else when both have the same times. Values
 *   need not be decoded then.
 * @throws PromfedError `not_built` when one of two different copies holds native histograms; `upstream` when they
 *   are no samples or go back in time.
 */
export function mergeSamples(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
): Uint8Array {
  if (b.length === 0 || Buffer.compare(a, b) === 0) return a;
  if (a.length === 0) return b;
  if (keepsFirst && haveSameTimes(a, b)) return a;
  const first = readSamples(readers[0], a, labels);
  const second = readSamples(readers[1], b, labels);
  const picks = rule(first, second);
  const isList = first.isList || second.isList;
  if (first.isList !== second.isList) throw invalidAnswer(`${labels.toString()} is a vector and a matrix`);
  if (!isList) return instant(a, b, picks);
  return compose(first, second, picks);
}

/** Samples that were read, with the place of each one's text. */
interface ReadSamples extends Samples {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly isList: boolean;
}

function readSamples(reader: SampleReader, bytes: Uint8Array, labels: Labels): ReadSamples {
  const timestamps: number[] = [];
  const values: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  reader.begin(bytes);
  for (let n = reader.next(); n > 0; n = reader.next()) {
    for (let i = 0; i < n; i++) {
      const timeMs = reader.timestamps[i]!;
      if (timestamps.length > 0 && timeMs <= timestamps[timestamps.length - 1]!) {
        throw new PromfedError(
          'upstream',
          `invalid answer: the samples of ${labels.toString()} go back in time`,
        );
      }
      timestamps.push(timeMs);
      values.push(reader.values[i]!);
      starts.push(reader.starts[i]!);
      ends.push(reader.ends[i]!);
    }
  }
  return {
    bytes,
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values),
    starts,
    ends,
    isList: reader.isList,
  };
}

/**
 * Whether two lists of floats, as servers write them, have the same times. False also when that is not plain to see.
 */
function haveSameTimes(a: Uint8Array, b: Uint8Array): boolean {
  if (!holdsAt(a, 0, a.length, VALUES_KEY) || !holdsAt(b, 0, b.length, VALUES_KEY)) return false;
  let i = VALUES_KEY.length;
  let j = i;
  for (;;) {
    if (a[i] !== OPEN_BRACKET || b[j] !== OPEN_BRACKET) {
      return i === a.length - 1 && j === b.length - 1 && a[i] === CLOSE_BRACKET && b[j] === CLOSE_BRACKET;
    }
    do {
      i++;
      j++;
      if (a[i] !== b[j] || i >= a.length) return false;
    } while (a[i] !== COMMA);
    i = afterValue(a, i + 1);
    j = afterValue(b, j + 1);
    if (i < 0 || j < 0) return false;
    if (a[i] === COMMA) i++;
    if (b[j] === COMMA) j++;
  }
}

/** The index after the value that begins at `pos` and the bracket behind it; −1 when it is no plain string. */
function afterValue(bytes: Uint8Array, pos: number): number {
  if (bytes[pos] !== QUOTE) return -1;
  const end = bytes.length;
  for (pos++; pos < end && bytes[pos] !== QUOTE; pos++);
  return pos + 1 < end && bytes[pos + 1] === CLOSE_BRACKET ? pos + 2 : -1;
}

/** An instant vector has one sample: of what the rule keeps, the first copy's time, with the value it was given. */
function instant(a: Uint8Array, b: Uint8Array, picks: Picks): Uint8Array {
  const own = picks.times.findIndex((pick) => pick >= 0);
  if (own < 0) return a;
  return picks.values[own]! >= 0 ? a : b;
}

function compose(a: ReadSamples, b: ReadSamples, { times, values }: Picks): Uint8Array {
  const parts: Uint8Array[] = [];
  let i = 0;
  while (i < times.length) {
    parts.push(i === 0 ? VALUES_KEY : COMMA_BYTES);
    const pick = times[i]!;
    const source = pick >= 0 ? a : b;
    const index = pick >= 0 ? pick : ~pick;
    if (values[i] !== pick) {
      parts.push(...mixed(source, index, values[i]!, a, b));
      i++;
      continue;
    }
    // Neighbours stay together, with the commas between them.
    let run = 1;
    const direction = pick >= 0 ? 1 : -1;
    while (i + run < times.length && times[i + run] === pick + direction * run) {
      if (values[i + run] !== times[i + run]) break;
      run++;
    }
    parts.push(source.bytes.subarray(source.starts[index], source.ends[index + run - 1]));
    i += run;
  }
  if (times.length === 0) parts.push(VALUES_KEY);
  parts.push(CLOSE_BYTES);
  return Buffer.concat(parts);
}

const COMMA_BYTES = Buffer.from(',');
const CLOSE_BYTES = Buffer.from(']');

/** The time of one sample with the value of another. */
function mixed(
  source: ReadSamples,
  index: number,
  value: number,
  a: ReadSamples,
  b: ReadSamples,
): Uint8Array[] {
  const other = value >= 0 ? a : b;
  const start = source.starts[index]!;
  const otherIndex = value >= 0 ? value : ~value;
  const otherStart = other.starts[otherIndex]!;
  return [
    source.bytes.subarray(start, source.bytes.indexOf(COMMA, start)),
    other.bytes.subarray(other.bytes.indexOf(COMMA, otherStart), other.ends[otherIndex]),
  ];
}
