// The clock of connections.

/**
 * Time during which this process was able to notice what clients do. A block of the event loop counts as `maxStepMs` at
 * most.
 */
export class WorkingClock {
  readonly #maxStepMs: number;
  #tickedAtMs = performance.now();
  #ms = 0;

  constructor(maxStepMs: number) {
    this.#maxStepMs = maxStepMs;
  }

  /** Called at an interval below the maximum step. */
  tick(): number {
    this.#ms = this.now();
    this.#tickedAtMs = performance.now();
    return this.#ms;
  }

  now(): number {
    return this.#ms + Math.min(performance.now() - this.#tickedAtMs, this.#maxStepMs);
  }
}
