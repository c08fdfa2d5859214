// Timers whose time changes only when a test moves it.

import type { Timers } from '../../../src/runtime/index.js';

export class ManualTimers implements Timers {
  #nowMs = 1_000_000;
  readonly #random: number;
  readonly #pending = new Set<{ atMs: number; readonly run: () => void }>();

  /** @param random the answer of every `random()`. */
  constructor(random = 0.5) {
    this.#random = random;
  }

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.#random;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const one = { atMs: this.#nowMs + delayMs, run };
    this.#pending.add(one);
    return () => {
      this.#pending.delete(one);
    };
  }

  /** The number of functions that are scheduled. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Steps the clock. Delays go on as before. */
  stepClock(ms: number): void {
    this.#nowMs += ms;
    for (const one of this.#pending) one.atMs += ms;
  }

  /** Lets time pass, and runs everything that is due, in order. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await turn();
      const [next] = [...this.#pending].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#pending.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** Resolves after one turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
