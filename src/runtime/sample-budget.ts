// Limits of one query, checked while it runs.

import { PromfedError } from '../model/index.js';
import type { QueryMemory } from './memory-budget.js';

/** A raw sample: its time and its value, eight bytes each. */
const RAW_SAMPLE_BYTES = 16;

/** A step of a column: its value, and whether it is there. */
const STEP_BYTES = 9;

/** What a column takes besides its steps: the objects around its arrays, and its labels. Measured on Node 20. */
const COLUMN_BYTES = 640;

/** The memory is told in steps of so many bytes: samples are taken one by one in places. */
const TOLD_BYTES = 64 << 10;

/** What one query may use. */
export interface QueryLimits {
  /** Samples that may be held at once, as Prometheus counts them for `--query.max-samples`. */
  readonly maxSamples: number;
}

/** What samples are taken from. */
export interface SampleCounter {
  /**
   * Takes samples before they are allocated.
   *
   * @throws PromfedError `limit` with Prometheus' text when the query would hold more than it may; what the query's
   *   memory throws.
   */
  take(samples: number): void;
  /** Gives samples back that are held no longer. */
  release(samples: number): void;
}

/**
 * Counts the samples that one query holds, and the bytes that they take. Owned by one query.
 *
 * Samples are raw ones unless `onGrid` says otherwise.
 */
export class SampleBudget implements SampleCounter {
  #held = 0;
  readonly #max: number;
  readonly #memory: QueryMemory | undefined;
  #bytes = 0;
  /** Of `#bytes`, what the memory was told of. */
  #toldBytes = 0;

  /** @param memory left out, bytes are not counted. */
  constructor(limits: QueryLimits, memory?: QueryMemory) {
    this.#max = limits.maxSamples;
    this.#memory = memory;
  }

  take(samples: number, bytesEach = RAW_SAMPLE_BYTES): void {
    this.#held += samples;
    if (this.#held > this.#max) {
      throw new PromfedError(
        'limit',
        `query processing would load too many samples into memory in query execution (limit ${this.#max}, --query.max-samples)`,
      );
    }
    this.#bytes += samples * bytesEach;
    if (this.#bytes - this.#toldBytes >= TOLD_BYTES) {
      this.#memory?.take('samples', this.#bytes - this.#toldBytes);
      this.#toldBytes = this.#bytes;
    }
  }

  release(samples: number, bytesEach = RAW_SAMPLE_BYTES): void {
    this.#held -= samples;
    this.#bytes -= samples * bytesEach;
    if (this.#toldBytes - this.#bytes >= TOLD_BYTES) {
      this.#memory?.release('samples', this.#toldBytes - this.#bytes);
      this.#toldBytes = this.#bytes;
    }
  }

  /** The same budget for the samples of columns of so many steps: what is taken by it is released by its like. */
  onGrid(steps: number): SampleCounter {
    const bytesEach = STEP_BYTES + COLUMN_BYTES / steps;
    return {
      take: (samples) => {
        this.take(samples, bytesEach);
      },
      release: (samples) => {
        this.release(samples, bytesEach);
      },
    };
  }
}
