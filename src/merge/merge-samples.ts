// Merges two copies of a series as bytes: samples are copied as the upstream wrote them, not printed again.

import {
  CLOSE_BRACKET,
  COMMA,
  countSamples,
  holdsAt,
  OPEN_BRACKET,
  QUOTE,
  SampleReader,
  invalidAnswer,
} from '../json/index.js';
import type { Labels } from '../model/index.js';
import type { MemoryAccount, Pacer } from '../runtime/index.js';
import type { Picks, Samples } from './pick-samples.js';

/** Decides which samples of two copies are kept. Undefined for the first copy as it is. */
export type PickRule = (a: Samples, b: Samples) => Picks | undefined;

const VALUES_KEY = Buffer.from('"values":[');

/** Size of two copies together up to which they are merged without a pause, in the same arrays as other series. */
const MAX_UNPACED_BYTES = 256 << 10;

/** Number of samples that are composed between two pauses. */
const COMPOSED_EACH = 4096;

/** Memory of a sample of a merge in bytes: its time, value and bounds, and its place in the picks. */
const SAMPLE_BYTES = 64;

/**
 * Merges the samples of two copies of the series `labels`, in the form of `SeriesFrame.samples`.
 *
 * Copies with the same bytes are returned unchanged, whatever they contain. An instant vector (`value`) has one sample: the
 * copy is returned whose value the rule picks for the first copy's sample.
 *
 * @param keepsFirst true when the rule keeps exactly the first copy if both have the same timestamps. Values are then not
 *   decoded.
 * @throws PromfedError `unsupported` when copies differ and one holds native histograms; `upstream` when samples are
 *   malformed or go back in time.
 */
export function mergeSamples(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
): Uint8Array {
  const merging = mergeSamplesInSteps(a, b, labels, rule, keepsFirst);
  for (;;) {
    const { done, value } = merging.next();
    if (done === true) return value;
  }
}

/** Reports whether two copies are merged in several steps. */
export function areLarge(a: Uint8Array, b: Uint8Array): boolean {
  return a.length + b.length > MAX_UNPACED_BYTES;
}

/** Does the same in time slices, for copies of any size. The memory that the merge needs is reserved meanwhile. */
export async function mergeSamplesPaced(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
  { pacer, memory }: { readonly pacer: Pacer; readonly memory: MemoryAccount },
): Promise<Uint8Array> {
  const samples = countSamples({ labels, samples: a }) + countSamples({ labels, samples: b });
  const bytes = a.length + b.length + SAMPLE_BYTES * samples;
  memory.reserve('merging', bytes);
  try {
    const merging = mergeSamplesInSteps(a, b, labels, rule, keepsFirst);
    for (;;) {
      if (pacer.due) await pacer.pause();
      const { done, value } = merging.next();
      if (done === true) return value;
    }
  } finally {
    memory.release('merging', bytes);
  }
}

/** Does the same. Yields where the caller may pause, for copies that are large only. */
export function* mergeSamplesInSteps(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
): Generator<undefined, Uint8Array, undefined> {
  if (b.length === 0 || Buffer.compare(a, b) === 0) return a;
  if (a.length === 0) return b;
  if (keepsFirst && haveSameTimes(a, b)) return a;
  // Other series are merged during a pause.
  const [one, other] = areLarge(a, b) ? [new Scratch(), new Scratch()] : scratches;
  const first = yield* one.read(a, labels);
  const second = yield* other.read(b, labels);
  if (first.isList !== second.isList) {
    throw invalidAnswer(`series ${labels.toString()} is a vector in one copy and a matrix in the other`);
  }
  const picks = rule(first, second);
  if (picks === undefined) return a;
  return first.isList ? yield* compose(first, second, picks) : instant(a, b, picks);
}

/** Samples with the positions of their text. Valid until the next frame is read. */
interface ReadSamples extends Samples {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly isList: boolean;
}

/** Reads the samples of frames, one frame after the other, into the same arrays. */
class Scratch {
  readonly #reader = new SampleReader();
  #timestamps = new Float64Array(0);
  #values = new Float64Array(0);
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);

  /** Yields after each block of samples that is followed by another one. */
  *read(bytes: Uint8Array, labels: Labels): Generator<undefined, ReadSamples, undefined> {
    const reader = this.#reader;
    let count = 0;
    let lastMs = -Infinity;
    reader.begin(bytes);
    for (let n = reader.next(); n > 0; n = reader.next()) {
      if (count > 0) yield undefined;
      for (let i = 0; i < n; i++) {
        const timeMs = reader.timestamps[i]!;
        if (timeMs <= lastMs) {
          throw invalidAnswer(`the samples of series ${labels.toString()} go back in time`);
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
 * Reports whether two lists of floats have the same timestamps. False negatives are possible for lists that are not in the
 * form that servers send.
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

/** Returns the index after the value at `pos` and the bracket that follows it; −1 when the value is not a string. */
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

/** A byte, four times. */
const COMMAS = COMMA * 0x01010101;
const QUOTES = QUOTE * 0x01010101;

/**
 * Reports whether a word contains the byte that `pattern` repeats. After the XOR that byte is 0, and only a zero byte has
 * its high bit clear and borrows in the subtraction.
 */
function hasByte(word: number, pattern: number): boolean {
  const difference = word ^ pattern;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}

/** Returns the copy whose value the rule picks for the first copy's sample. */
function instant(a: Uint8Array, b: Uint8Array, picks: Picks): Uint8Array {
  const firstCopy = picks.times.findIndex((pick) => pick >= 0);
  if (firstCopy < 0) return a;
  return picks.values[firstCopy]! >= 0 ? a : b;
}

function* compose(
  a: ReadSamples,
  b: ReadSamples,
  { times, values }: Picks,
): Generator<undefined, Uint8Array, undefined> {
  const output = new Output(Math.max(a.bytes.length, b.bytes.length));
  let i = 0;
  let composed = 0;
  while (i < times.length) {
    if (++composed % COMPOSED_EACH === 0) yield undefined;
    output.add(i === 0 ? VALUES_KEY : COMMA_BYTES);
    const pick = times[i]!;
    const source = pick >= 0 ? a : b;
    const index = pick >= 0 ? pick : ~pick;
    if (values[i] !== pick) {
      for (const part of mixed(source, index, values[i]!, a, b)) output.add(part);
      i++;
      continue;
    }
    // Neighbouring samples are copied together, with the commas between them.
    let run = 1;
    const direction = pick >= 0 ? 1 : -1;
    while (i + run < times.length && times[i + run] === pick + direction * run) {
      if (values[i + run] !== times[i + run]) break;
      run++;
    }
    output.add(source.bytes.subarray(source.starts[index], source.ends[index + run - 1]));
    i += run;
  }
  if (times.length === 0) output.add(VALUES_KEY);
  output.add(CLOSE_BYTES);
  return output.take();
}

/** Room of an output beyond the larger copy, in bytes. */
const SPARE_BYTES = 1024;

/** A growing buffer. A list of the parts would take many times as much memory as they. */
class Output {
  #bytes: Buffer;
  #length = 0;

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes + SPARE_BYTES);
  }

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  /** Returns the bytes, in memory of about their length. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    return this.#length > this.#bytes.length / 2 ? bytes : Buffer.from(bytes);
  }
}

const COMMA_BYTES = Buffer.from(',');
const CLOSE_BYTES = Buffer.from(']');

/** The time of one sample and the value of another. */
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
