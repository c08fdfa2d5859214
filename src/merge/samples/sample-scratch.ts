// Reads the samples of a series whose bytes were framed: times, values and the positions of their text.

import { invalidAnswer, SampleReader } from '../../json/index.js';
import type { Labels } from '../../model/index.js';
import type { Samples } from './pick-samples.js';

/** Samples with the positions of their text. Valid until the next frame is read. */
export interface ReadSamples extends Samples {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly isList: boolean;
}

/** Reads the samples of frames, one frame after the other, into the same arrays. */
export class SampleScratch {
  readonly #reader = new SampleReader();
  #bytes: Uint8Array = new Uint8Array(0);
  #labels: Labels | undefined;
  #count = 0;
  #lastMs = -Infinity;
  #timestamps = new Float64Array(0);
  #values = new Float64Array(0);
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);

  begin(bytes: Uint8Array, labels: Labels): void {
    this.#bytes = bytes;
    this.#labels = labels;
    this.#count = 0;
    this.#lastMs = -Infinity;
    this.#reader.begin(bytes);
  }

  /** Reads a block of samples. Returns false at the end. */
  readBlock(): boolean {
    const reader = this.#reader;
    const n = reader.next();
    if (n === 0) return false;
    let lastMs = this.#lastMs;
    for (let i = 0; i < n; i++) {
      const timeMs = reader.timestamps[i]!;
      if (timeMs <= lastMs) {
        throw invalidAnswer(`the samples of series ${this.#labels!.toString()} go back in time`);
      }
      lastMs = timeMs;
    }
    this.#lastMs = lastMs;
    const count = this.#count;
    if (count + n > this.#timestamps.length) this.#grow(count + n);
    this.#timestamps.set(reader.timestamps.subarray(0, n), count);
    this.#values.set(reader.values.subarray(0, n), count);
    this.#starts.set(reader.starts.subarray(0, n), count);
    this.#ends.set(reader.ends.subarray(0, n), count);
    this.#count = count + n;
    return true;
  }

  /** The samples that were read. */
  samples(): ReadSamples {
    return {
      bytes: this.#bytes,
      timestamps: this.#timestamps.subarray(0, this.#count),
      values: this.#values.subarray(0, this.#count),
      starts: this.#starts,
      ends: this.#ends,
      isList: this.#reader.isList,
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
