// Limits the rate of log messages.

import type { Clock } from '../../runtime/index.js';

const INTERVAL_MS = 60_000;

/** Passes one message of each kind per minute. */
export class LogLimiter {
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { untilMs: number; suppressed: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `write`, unless a message of the same kind was written less than a minute ago.
   *
   * @param kind one of a small number of texts.
   * @param write called with the number of messages that were not written since the last one.
   */
  limit(kind: string, write: (suppressed: number) => void): void {
    const nowMs = this.#clock.now();
    const last = this.#kinds.get(kind);
    if (last !== undefined && nowMs < last.untilMs) {
      last.suppressed++;
      return;
    }
    this.#kinds.set(kind, { untilMs: nowMs + INTERVAL_MS, suppressed: 0 });
    write(last?.suppressed ?? 0);
  }
}
