// The time that all work of one kind takes in one turn of the event loop.

/** Time in milliseconds of each kind of work in one turn. */
const SLICE_MS = 20;

/** Shared by all work of one kind in a process. The time of a turn begins with its first check. */
export class LoopTurn {
  #endMs = 0;
  /** True until the turn ends that was the current one at the last check. */
  #hasBegun = false;

  /** The end of the time of the current turn, on the clock of `performance.now()`. */
  get endMs(): number {
    if (this.#hasBegun) return this.#endMs;
    this.#hasBegun = true;
    this.#endMs = performance.now() + SLICE_MS;
    setImmediate(() => {
      this.#hasBegun = false;
    });
    return this.#endMs;
  }

  /** True when the time of the current turn is used up. */
  get isUsedUp(): boolean {
    return performance.now() >= this.endMs;
  }

  /** Resolves in the next turn, whose time others may have used up: check it again. */
  async end(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * The reading of answers. Data that has arrived is read without waiting, in one turn, and a turn reads up to two megabytes of
 * each connection.
 */
export const readingTurn = new LoopTurn();

/** The sending of requests by queries that have many of them. */
export const sendingTurn = new LoopTurn();
