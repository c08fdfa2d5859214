// What all streams of this folder have in common: closing at once, and what their tails add up to.

import type { ResponseTrailer } from './frame.js';

/** A source that a stream reads from and closes with itself. */
export interface Closable {
  return(value: never): Promise<unknown>;
}

/** The tail of an answer that has nothing to say. */
export const EMPTY_TRAILER: ResponseTrailer = { warnings: [], infos: [], isPartial: false };

/** All warnings and all infos, each text once, in the order of the tails; partial when one of them is. */
export function unionTrailers(tails: readonly ResponseTrailer[]): ResponseTrailer {
  if (tails.length === 1) return tails[0]!;
  return {
    warnings: [...new Set(tails.flatMap((tail) => tail.warnings))],
    infos: [...new Set(tails.flatMap((tail) => tail.infos))],
    isPartial: tails.some((tail) => tail.isPartial),
  };
}

/** Whether a promise settles before input and timers get their next turn. */
export function settlesSoon(promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const settled = (): void => {
      resolve(true);
    };
    promise.then(settled, settled);
    setImmediate(resolve, false);
  });
}

/**
 * An async generator that can be closed while it waits, and before it was started.
 *
 * `return()` of a plain generator waits its turn behind a `next()` that is under way, and that one may wait for a
 * stalled upstream; before the first `next()` it does not even run a `finally`. Here `return()` ends every `next()`
 * that is under way, closes the inputs, and waits for neither longer than they need when nothing stalls.
 */
export class ClosableStream<T, R> implements AsyncGenerator<T, R, undefined> {
  readonly #inputs: readonly Closable[];
  readonly #generator: AsyncGenerator<T, R, undefined>;
  #closing: Promise<unknown> | undefined;
  /** What every `next` answers once `return` was called. */
  #end: IteratorReturnResult<R> | undefined;
  /** Ends each `next` that is under way. */
  readonly #waiting = new Set<(end: IteratorReturnResult<R>) => void>();

  /**
   * @param inputs all that `generator` reads from; closed when it ends, fails or is closed.
   * @param generator not started yet.
   */
  constructor(inputs: readonly Closable[], generator: AsyncGenerator<T, R, undefined>) {
    this.#inputs = inputs;
    this.#generator = generator;
  }

  next(): Promise<IteratorResult<T, R>> {
    if (this.#end !== undefined) return Promise.resolve(this.#end);
    // Plain callbacks: this runs for every batch at every stage, and awaiting would cost as many promises again.
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      this.#generator
        .next()
        .then(
          (result): IteratorResult<T, R> | Promise<IteratorResult<T, R>> => {
            if (result.done === true) return this.#close().then(() => result);
            this.#waiting.delete(resolve);
            return result;
          },
          (error: unknown) =>
            this.#close().then(() => {
              throw error;
            }),
        )
        .then(resolve, reject);
    });
  }

  async return(value: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    const end = (this.#end ??= { done: true, value: await value });
    for (const resolve of this.#waiting) resolve(end);
    this.#waiting.clear();
    await this.#close();
    await settlesSoon(this.#generator.return(end.value));
    return end;
  }

  async throw(error: unknown): Promise<IteratorResult<T, R>> {
    await this.#close();
    return this.#generator.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #close(): Promise<void> {
    this.#closing ??= settlesSoon(
      Promise.allSettled(this.#inputs.map((input) => input.return(undefined as never))),
    );
    await this.#closing;
  }
}
