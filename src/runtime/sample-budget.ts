// The sample limit of one query, and the bytes that its samples hold.

import { PromfedError } from '../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from './memory-budget.js';
import { SteppedReservation } from './stepped-reservation.js';

/** Bytes of one raw sample: timestamp and value, eight bytes each. */
const RAW_SAMPLE_BYTES = 16;

/** Bytes of one step of a column: an eight-byte value and a one-byte presence flag. */
const STEP_BYTES = 9;

/** Bytes of a column besides its steps: labels and the objects around the arrays. Measured on Node 20. */
const COLUMN_BYTES = 640;

/** Limits of one query. */
export interface QueryLimits {
  /**
   * Upper bound on the samples held at once, inclusive (`--query.max-samples`). As in Prometheus, a native histogram
   * counts as several samples.
   */
  readonly maxSamples: number;
}

/** Where a query accounts for the samples that it holds. */
export interface SampleCounter {
  /**
   * Reserves samples. Call it before they are allocated, and end the query when it throws: the samples then stay
   * counted.
   *
   * @throws PromfedError `limit`, with Prometheus' text, beyond `maxSamples`. Errors of the memory account.
   */
  reserve(samples: number): void;
  /** Returns samples that the caller reserved earlier through the same counter. */
  release(samples: number): void;
}

/**
 * The samples that one query holds and the bytes that they take. Owned by one query.
 *
 * Raw samples are counted directly, at 16 bytes each. Columns are counted through `onGrid`. Each use of memory may lag
 * behind by one step of `SteppedReservation`; closing the account returns what was not released.
 */
export class SampleBudget implements SampleCounter {
  #held = 0;
  #peak = 0;
  readonly #max: number;
  readonly #samples: SteppedReservation;
  readonly #labels: SteppedReservation;
  readonly #sorting: SteppedReservation;

  /** @param memory account for the bytes. Default: bytes are not counted. */
  constructor(limits: QueryLimits, memory: MemoryAccount = UNCOUNTED_MEMORY) {
    this.#max = limits.maxSamples;
    this.#samples = new SteppedReservation(memory, 'samples');
    this.#labels = new SteppedReservation(memory, 'labels');
    this.#sorting = new SteppedReservation(memory, 'sorting');
  }

  /** The largest number of samples held at once. */
  get peakSamples(): number {
    return this.#peak;
  }

  /** @param bytesEach bytes of one sample; release samples with the same value. */
  reserve(samples: number, bytesEach = RAW_SAMPLE_BYTES): void {
    this.#held += samples;
    if (this.#held > this.#peak) this.#peak = this.#held;
    if (this.#held > this.#max) {
      throw new PromfedError(
        'limit',
        `query processing would load too many samples into memory in query execution (limit ${this.#max}, --query.max-samples)`,
      );
    }
    this.#samples.add(samples * bytesEach);
  }

  /** @param bytesEach as for `reserve`. */
  release(samples: number, bytesEach = RAW_SAMPLE_BYTES): void {
    this.#held -= samples;
    this.#samples.add(-samples * bytesEach);
  }

  /** Reserves bytes for labels, their keys and tables by key. Call it before they are allocated. */
  reserveLabels(bytes: number): void {
    this.#labels.add(bytes);
  }

  /** Reserves bytes for copies that are sorted. They do not count as samples. */
  reserveSorting(bytes: number): void {
    this.#sorting.add(bytes);
  }

  /** Returns bytes reserved by `reserveSorting`. */
  releaseSorting(bytes: number): void {
    this.#sorting.add(-bytes);
  }

  /** Returns bytes reserved by `reserveLabels`. */
  releaseLabels(bytes: number): void {
    this.#labels.add(-bytes);
  }

  /**
   * Returns a view of this budget for columns of `steps` steps: one sample is one step of a column, present or not.
   * Release through a view with the same `steps`.
   */
  onGrid(steps: number): SampleCounter {
    const bytesEach = STEP_BYTES + COLUMN_BYTES / steps;
    return {
      reserve: (samples) => {
        this.reserve(samples, bytesEach);
      },
      release: (samples) => {
        this.release(samples, bytesEach);
      },
    };
  }
}
