// What all streams of this folder have in common: closing at once, and what their tails add up to.

import type { ResponseTail } from './frame.js';

/** A source that a stream reads from and closes with itself. */
export interface Closable {
  return(value: never): Promise<unknown>;
}

/** The tail of an answer that has nothing to say. */
export const EMPTY_TAIL: ResponseTail = { warnings: [], infos: [], isPartial: false };

/** All warnings and all infos, each text once, in the order of the tails; partial when one of them is. */
export function unionTails(tails: readonly ResponseTail[]): ResponseTail {
  if (tails.length === 1) return tails[0]!;
  return {
    warnings: [...new Set(tails.flatMap((tail) => tail.warnings))],
    infos: [...new Set(tails.flatMap((tail) => tail.infos))],
    isPartial: tails.some((tail) => tail.isPartial),
  };
}

/**
 * An async generator that can be closed while it waits.
 *
 * `return()` of a plain generator waits its turn behind a `next()` that is under way, and that one may wait for a
 * stalled upstream. Here it closes the inputs first, which ends every wait for them; then the generator.
 */
export class ClosableStream<T, R> implements AsyncGenerator<T, R, undefined> {
  readonly #inputs: readonly Closable[];
  readonly #generator: AsyncGenerator<T, R, undefined>;
  #closed = false;
  /** What every `next` answers once `return` was called. */
  #end: IteratorReturnResult<R> | undefined;

  /**
   * @param inputs all that `generator` reads from; closed when it ends, fails or is closed.
   * @param generator not started yet.
   */
  constructor(inputs: readonly Closable[], generator: AsyncGenerator<T, R, undefined>) {
    this.#inputs = inputs;
    this.#generator = generator;
  }

  async next(): Promise<IteratorResult<T, R>> {
    if (this.#end !== undefined) return this.#end;
    try {
      const result = await this.#generator.next();
      if (result.done === true) await this.#close();
      return this.#end ?? result;
    } catch (error) {
      await this.#close();
      // What fails because it was closed has not failed.
      if (this.#end !== undefined) return this.#end;
      throw error;
    }
  }

  async return(value: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    this.#end ??= { done: true, value: await value };
    await this.#close();
    await this.#generator.return(this.#end.value).catch(() => undefined);
    return this.#end;
  }

  async throw(error: unknown): Promise<IteratorResult<T, R>> {
    await this.#close();
    return this.#generator.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#inputs.map((input) => input.return(undefined as never)));
  }
}
