// Timers that are not scheduled before they are started.

import type { Timers } from '../runtime/index.js';

/** Holds callbacks until `start`. Their delays count from then on. */
export class HeldTimers implements Timers {
  readonly #timers: Timers;
  /** Undefined once started. */
  #held: Set<() => void> | undefined = new Set();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  start(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const schedule of held) schedule();
  }

  now(): number {
    return this.#timers.now();
  }

  random(): number {
    return this.#timers.random();
  }

  schedule(delayMs: number, run: () => void): () => void {
    const held = this.#held;
    if (held === undefined) return this.#timers.schedule(delayMs, run);
    let cancel: (() => void) | undefined;
    const schedule = (): void => {
      cancel = this.#timers.schedule(delayMs, run);
    };
    held.add(schedule);
    return () => {
      held.delete(schedule);
      cancel?.();
    };
  }
}
