// Time slices for long computations: the event loop runs in between, and cancellation is checked.

import { PromfedError, type StopSignal } from '../../model/index.js';
import { computationQueue } from './computation-queue.js';

/**
 * Divides one computation into time slices of at most 20 ms, less when other computations run. Every loop whose length
 * depends on data contains `if (pacer.due) await pacer.pause();`.
 */
export class Pacer {
  readonly #signal: StopSignal;
  #sliceEndMs = computationQueue.begin();

  /** The first slice starts at once. */
  constructor(signal: StopSignal) {
    this.#signal = signal;
  }

  /** True when the current slice is used up. */
  get due(): boolean {
    return performance.now() >= this.#sliceEndMs;
  }

  /**
   * Yields to the event loop, then starts the next slice.
   *
   * @throws PromfedError as `check` does.
   */
  async pause(): Promise<void> {
    this.#sliceEndMs = await computationQueue.next();
    this.check();
  }

  /**
   * Throws when the signal has aborted.
   *
   * @throws PromfedError the signal's reason when it is a PromfedError, else `timeout` for a TimeoutError and
   *   `canceled` for any other reason, with Prometheus' texts.
   */
  check(): void {
    if (!this.#signal.aborted) return;
    const reason: unknown = this.#signal.reason;
    if (reason instanceof PromfedError) throw reason;
    if (reason instanceof Error && reason.name === 'TimeoutError') {
      throw new PromfedError('timeout', 'query timed out in expression evaluation');
    }
    throw new PromfedError('canceled', 'query was canceled in expression evaluation');
  }
}
