// Merges two copies of a series in their bytes: what is kept is copied as the upstream wrote it, not printed anew.

import {
  CLOSE_BRACKET,
  COMMA,
  holdsAt,
  OPEN_BRACKET,
  QUOTE,
  SampleReader,
  invalidAnswer,
} from '../json/index.js';
import { type Labels, PromfedError } from '../model/index.js';
import type { Picks, Samples } from './pick-samples.js';

/** Which samples of two copies are kept. */
export type PickRule = (a: Samples, b: Samples) => Picks;

const VALUES_KEY = Buffer.from('"values":[');

/** The arrays that are kept for the next series have at most room for so many samples. */
const MAX_IDLE_SAMPLES = 1 << 16;

/**
 * The samples of two copies of the series `labels`, both as a frame has them, as one.
 *
 * Copies that are equal byte for byte pass as they are, whatever they hold. For instant vectors (`value`) the rule sees
 * one sample a side, and of what it keeps the first copy's is taken.
 *
 * @param keepsFirst whether the rule keeps all of the first copy and nothing else when both have the same times. Values
 *   need not be decoded then.
 * @throws PromfedError `unsupported` when one of two different copies holds native histograms; `upstream` when they
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
  const first = scratches[0].read(a, labels);
  const second = scratches[1].read(b, labels);
  if (first.isList !== second.isList) throw invalidAnswer(`${labels.toString()} is a vector and a matrix`);
  const picks = rule(first, second);
  const merged = first.isList ? compose(first, second, picks) : instant(a, b, picks);
  for (const scratch of scratches) scratch.shrink();
  return merged;
}

/** Samples that were read, with the place of each one's text. Good until the next frame is read. */
interface ReadSamples extends Samples {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly isList: boolean;
}

/** Reads the samples of one frame after the other into the same arrays. */
class Scratch {
  readonly #reader = new SampleReader();
  #timestamps = new Float64Array(0);
  #values = new Float64Array(0);
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);

  read(bytes: Uint8Array, labels: Labels): ReadSamples {
    const reader = this.#reader;
    let count = 0;
    let lastMs = -Infinity;
    reader.begin(bytes);
    for (let n = reader.next(); n > 0; n = reader.next()) {
      for (let i = 0; i < n; i++) {
        const timeMs = reader.timestamps[i]!;
        if (timeMs <= lastMs) {
          throw new PromfedError(
            'upstream',
            `invalid answer: the samples of ${labels.toString()} go back in time`,
          );
        }
        lastMs = timeMs;
      }
      if (count + n > this.#timestamps.length) this.#grow(count + n);
      this.#timestamps.set(reader.timestamps.subarray(0, n), count);
      this.#values.set(reader.values.subarray(0, n), count);
      this.#starts.set(reader.starts.subarray(0, n), count);
      this.#ends.set(reader.ends.subarray(0, n), count);
      count += n;
    }
    return {
      bytes,
      timestamps: this.#timestamps.subarray(0, count),
      values: this.#values.subarray(0, count),
      starts: this.#starts,
      ends: this.#ends,
      isList: reader.isList,
    };
  }

  /** Frees what a large series made it hold. */
  shrink(): void {
    if (this.#timestamps.length > MAX_IDLE_SAMPLES) this.#resize(0);
  }

  #grow(needed: number): void {
    this.#resize(Math.max(needed, this.#timestamps.length * 2));
  }

  #resize(length: number): void {
    this.#timestamps = resized(this.#timestamps, new Float64Array(length));
    this.#values = resized(this.#values, new Float64Array(length));
    this.#starts = resized(this.#starts, new Int32Array(length));
    this.#ends = resized(this.#ends, new Int32Array(length));
  }
}

function resized<A extends Float64Array | Int32Array>(old: A, fresh: A): A {
  fresh.set(old.length > fresh.length ? old.subarray(0, fresh.length) : old);
  return fresh;
}

const scratches = [new Scratch(), new Scratch()] as const;

/**
 * Whether two lists of floats, as servers write them, have the same times. False also when that is not plain to see.
 */
function haveSameTimes(a: Uint8Array, b: Uint8Array): boolean {
  if (!holdsAt(a, 0, a.length, VALUES_KEY) || !holdsAt(b, 0, b.length, VALUES_KEY)) return false;
  const x = wordsOf(a);
  const y = wordsOf(b);
  let i = VALUES_KEY.length;
  let j = i;
  for (;;) {
    if (a[i] !== OPEN_BRACKET || b[j] !== OPEN_BRACKET) {
      return i === a.length - 1 && j === b.length - 1 && a[i] === CLOSE_BRACKET && b[j] === CLOSE_BRACKET;
    }
    i++;
    j++;
    while (i + 4 <= a.length && j + 4 <= b.length) {
      const word = x.getInt32(i, true);
      if (word !== y.getInt32(j, true) || hasByte(word, COMMAS)) break;
      i += 4;
      j += 4;
    }
    for (; a[i] !== COMMA; i++, j++) if (a[i] !== b[j] || i >= a.length) return false;
    if (b[j] !== COMMA) return false;
    i = afterValue(a, x, i + 1);
    j = afterValue(b, y, j + 1);
    if (i < 0 || j < 0) return false;
    if (a[i] === COMMA) i++;
    if (b[j] === COMMA) j++;
  }
}

/** The index after the value that begins at `pos` and the bracket behind it; −1 when it is no plain string. */
function afterValue(bytes: Uint8Array, words: DataView, pos: number): number {
  if (bytes[pos] !== QUOTE) return -1;
  const end = bytes.length;
  pos++;
  while (pos + 4 <= end && !hasByte(words.getInt32(pos, true), QUOTES)) pos += 4;
  while (pos < end && bytes[pos] !== QUOTE) pos++;
  return pos + 1 < end && bytes[pos + 1] === CLOSE_BRACKET ? pos + 2 : -1;
}

function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One byte four times. */
const COMMAS = COMMA * 0x01010101;
const QUOTES = QUOTE * 0x01010101;

/** Whether a word has the byte that `pattern` has four times: only a zero byte borrows and has no high bit itself. */
function hasByte(word: number, pattern: number): boolean {
  const difference = word ^ pattern;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
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
