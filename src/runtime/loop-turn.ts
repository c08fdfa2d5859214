// The time that the answers of all regions take in one turn of the event loop.

/** Time in milliseconds that answers are read in one turn. */
const SLICE_MS = 20;

/**
 * Shared by all streams of a process. Data that has arrived is read without waiting, in one turn of the event loop, and a
 * turn reads up to two megabytes of each connection.
 */
class LoopTurn {
  #endMs = 0;
  /** True until the turn ends that was the current one at the last check. */
  #hasBegun = false;

  /** True when the time of the current turn is used up. */
  get isUsedUp(): boolean {
    const nowMs = performance.now();
    if (this.#hasBegun) return nowMs >= this.#endMs;
    this.#hasBegun = true;
    this.#endMs = nowMs + SLICE_MS;
    setImmediate(() => {
      this.#hasBegun = false;
    });
    return false;
  }

  /** Resolves in the next turn, whose time others may have used up: check it again. */
  async end(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export const loopTurn = new LoopTurn();
