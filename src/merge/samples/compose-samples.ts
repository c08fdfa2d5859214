// Writes the samples that were picked from two copies of a series, as the upstream wrote them.

import { COMMA } from '../../json/index.js';
import type { Picks } from './pick-samples.js';
import type { ReadSamples } from './sample-scratch.js';
import { VALUES_KEY } from './values-key.js';

/** Number of runs of samples that are composed between two pauses. */
const COMPOSED_EACH = 4096;

/** Writes the picked samples of two copies. */
export class Composition {
  readonly #a: ReadSamples;
  readonly #b: ReadSamples;
  readonly #picks: Picks;
  readonly #output: Output;
  #next = 0;

  constructor(a: ReadSamples, b: ReadSamples, picks: Picks) {
    this.#a = a;
    this.#b = b;
    this.#picks = picks;
    this.#output = new Output(Math.max(a.bytes.length, b.bytes.length));
    this.#output.add(VALUES_KEY);
  }

  /** Writes a part of the samples. Returns the bytes when all are written. */
  step(): Uint8Array | undefined {
    const { times } = this.#picks;
    for (let runs = 0; runs < COMPOSED_EACH && this.#next < times.length; runs++) {
      if (this.#next > 0) this.#output.add(COMMA_BYTES);
      this.#next += this.#addRun(this.#next);
    }
    if (this.#next < times.length) return undefined;
    this.#output.add(CLOSE_BYTES);
    return this.#output.take();
  }

  /** Adds the sample at a place of the picks, and its neighbours if they are neighbours in the copy. Returns their number. */
  #addRun(i: number): number {
    const { times, values } = this.#picks;
    const pick = times[i]!;
    const source = pick >= 0 ? this.#a : this.#b;
    const index = pick >= 0 ? pick : ~pick;
    if (values[i] !== pick) {
      for (const part of mixed(source, index, values[i]!, this.#a, this.#b)) this.#output.add(part);
      return 1;
    }
    // Neighbouring samples are copied together, with the commas between them.
    let run = 1;
    const direction = pick >= 0 ? 1 : -1;
    while (i + run < times.length && times[i + run] === pick + direction * run) {
      if (values[i + run] !== times[i + run]) break;
      run++;
    }
    this.#output.add(source.bytes.subarray(source.starts[index], source.ends[index + run - 1]));
    return run;
  }
}

/** Room of an output beyond the larger copy, in bytes. */
const SPARE_BYTES = 64;

/** A growing buffer. A list of the parts would take many times as much memory as they. */
class Output {
  #bytes: Buffer;
  #length = 0;

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes + SPARE_BYTES);
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
