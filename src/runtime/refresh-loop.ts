// Background work that is repeated until it is stopped.

import type { Clock } from './clock.js';
import { startTimer } from './start-timer.js';

/** Time as background work needs it; tests inject their own. */
export interface Timers extends Clock {
  /** Runs a function once, after a delay; the result cancels it. Does not keep the process alive. */
  schedule(delayMs: number, run: () => void): () => void;
  /** A number from 0 up to but excluding 1. */
  random(): number;
}

/** The next refresh begins after at least this share of the interval, so that loops spread out over time. */
const EARLIEST_SHARE = 0.8;

export interface RefreshLoopOptions {
  /** Longest time between the beginnings of two refreshes, unless one takes longer. More than 0. */
  readonly intervalMs: number;
  /** Delay of the first refresh. Default 0. */
  readonly firstDelayMs?: number;
  readonly timers: Timers;
  /** One refresh. The signal aborts on `stop`. Reports its own failures: a rejection is ignored. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
}

/**
 * Refreshes something at once and then again and again, one refresh at a time. Delays vary between 80 and 100 % of
 * the interval.
 */
export class RefreshLoop {
  readonly #options: RefreshLoopOptions;
  readonly #abort = new AbortController();
  #cancel: () => void;

  constructor(options: RefreshLoopOptions) {
    this.#options = options;
    this.#cancel = this.#schedule(options.firstDelayMs ?? 0);
  }

  /** Ends the loop and aborts the refresh that is running. */
  stop(): void {
    this.#abort.abort();
    this.#cancel();
  }

  #schedule(delayMs: number): () => void {
    return this.#options.timers.schedule(delayMs, () => {
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const { intervalMs, timers, refresh } = this.#options;
    const { signal } = this.#abort;
    const delayMs = intervalMs * (EARLIEST_SHARE + (1 - EARLIEST_SHARE) * timers.random());
    const nextMs = timers.now() + delayMs;
    await refresh(signal).catch(() => undefined);
    if (!signal.aborted) this.#cancel = this.#schedule(Math.max(0, nextMs - timers.now()));
  }
}

/** Timers of the process. */
export function createTimers(clock: Clock): Timers {
  return {
    now: () => clock.now(),
    random: Math.random,
    schedule: (delayMs, run) => startTimer(delayMs, run, false),
  };
}
