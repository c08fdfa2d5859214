// Keeps the event loop responsive during a long computation, and ends one that nobody waits for.

import { PromfedError, type StopSignal } from '../model/index.js';

/** How long to compute without letting anything else run. */
const SLICE_MS = 20;

/**
 * Says when to pause: `if (pacer.due) await pacer.pause();` in every loop whose length the data decides.
 */
export class Pacer {
  readonly #signal: StopSignal;
  #sliceEndMs = performance.now() + SLICE_MS;

  constructor(signal: StopSignal) {
    this.#signal = signal;
  }

  get due(): boolean {
    return performance.now() >= this.#sliceEndMs;
  }

  /** Lets everything else run once. @throws PromfedError as `check`. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.check();
    this.#sliceEndMs = performance.now() + SLICE_MS;
  }

  /** @throws PromfedError the signal's reason when it is one, else `timeout` or `canceled`. */
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
