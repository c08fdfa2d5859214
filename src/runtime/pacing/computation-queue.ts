// The time that all computations of a process take in one turn of the event loop.

import { LoopTurn } from './loop-turn.js';

/** The beginnings of computations, which do not wait. */
const beginning = new LoopTurn();
/** Computations that are resumed. */
const resumed = new LoopTurn();

/**
 * Resumes the paused computations of a process, the one that has waited longest first. They share the time of each turn, so
 * that many of them delay other requests no longer than one.
 */
class ComputationQueue {
  readonly #paused: ((sliceEndMs: number) => void)[] = [];
  #isScheduled = false;

  /** Returns the end of the slice of a computation that begins now, on the clock of `performance.now()`. */
  begin(): number {
    return beginning.endMs;
  }

  /** Waits for the next slice of a computation, in a later turn. Resolves with the end of the slice. */
  next(): Promise<number> {
    return new Promise((resume) => {
      this.#paused.push(resume);
      if (!this.#isScheduled) this.#schedule();
    });
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#resumeOne();
    });
  }

  #resumeOne(): void {
    const { endMs } = resumed;
    this.#paused.shift()!(endMs);
    // A tick of a microtask runs when the computation, with all that it wakes, has paused or ended.
    queueMicrotask(() => {
      process.nextTick(() => {
        if (this.#paused.length === 0) this.#isScheduled = false;
        else if (performance.now() < endMs) this.#resumeOne();
        else this.#schedule();
      });
    });
  }
}

export const computationQueue = new ComputationQueue();
