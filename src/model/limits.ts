// Limits of one query, checked while it runs.

import { PromfedError } from './errors.js';

/** The most points that a series of a range query may have, less one. Source: Prometheus, web/api/v1/api.go (`queryRange`). */
export const MAX_POINTS = 11_000;

/** What one query may use. */
export interface QueryLimits {
  /** Samples that may be held at once, as Prometheus counts them for `--query.max-samples`. */
  readonly maxSamples: number;
}

/**
 * Counts the samples that one query holds. Owned by one query.
 */
export class SampleBudget {
  #held = 0;
  readonly #max: number;

  constructor(limits: QueryLimits) {
    this.#max = limits.maxSamples;
  }

  /**
   * Takes samples from the budget before they are allocated.
   *
   * @throws PromfedError `limit` with Prometheus' text when the query would hold more than it may.
   */
  take(samples: number): void {
    this.#held += samples;
    if (this.#held > this.#max) {
      throw new PromfedError(
        'limit',
        `query processing would load too many samples into memory in query execution (limit ${this.#max}, --query.max-samples)`,
      );
    }
  }

  /** Gives samples back that are held no longer. */
  release(samples: number): void {
    this.#held -= samples;
  }
}
