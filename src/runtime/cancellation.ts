// A cancellation signal that is cheap to create, used by all work that belongs to a request.

import type { StopSignal } from '../model/index.js';

/**
 * Number of listeners that are called in one turn of the event loop. A query may have thousands of requests, each with a
 * listener that closes a connection.
 */
const CALLED_EACH_TURN = 256;

/**
 * A signal together with the method that aborts it.
 *
 * Replaces `AbortController`: every request creates several, and an `EventTarget` with its events costs many times as
 * much to create, to listen to and to collect.
 */
export class Cancellation implements StopSignal {
  #aborted = false;
  #reason: unknown;
  readonly #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /**
   * Aborts the signal and calls its listeners in the order in which they were added: the first 256 at once, the others in the
   * next turns of the event loop. Only the first call counts.
   */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#callListeners();
  }

  #callListeners(): void {
    // Removes listeners one at a time, because a listener may remove another one.
    for (let called = 0; called < CALLED_EACH_TURN; called++) {
      const next = this.#listeners.shift();
      if (next === undefined) return;
      next();
    }
    setImmediate(() => {
      this.#callListeners();
    });
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
}
