// An answer's body as bytes: counted, bounded, its failures in words, its connection let go whichever way it ends.

import type { Readable } from 'node:stream';

import { PromfedError } from '../model/index.js';
import { requestFailure } from './failure.js';
import { outcomeOf, type RequestOutcome } from './metrics.js';

/**
 * Iterable once. `return` (what leaving a `for await` loop calls) ends the connection at once, even while a `next`
 * is waiting for the upstream. The holder calls `close` when it is through with the body, whatever came of it.
 *
 * `next` rejects with a PromfedError whose message is the reason alone, without group and target.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #readable: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  readonly #onClose: (outcome: RequestOutcome, bytes: number) => void;
  #bytes = 0;
  #state: 'open' | 'read' | 'released' = 'open';
  #closed = false;

  /** @param maxBytes inclusive. @param onClose told once, by `close`. */
  constructor(
    readable: Readable,
    maxBytes: number,
    onClose: (outcome: RequestOutcome, bytes: number) => void,
  ) {
    // A stream that is destroyed while nobody reads reports it as an event, and an unheard one ends the process.
    readable.on('error', () => undefined);
    this.#readable = readable;
    this.#chunks = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    this.#maxBytes = maxBytes;
    this.#onClose = onClose;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#state !== 'open') return { done: true, value: undefined };
    try {
      const result = await this.#chunks.next();
      if (result.done === true) {
        this.#state = 'read';
        return { done: true, value: undefined };
      }
      this.#bytes += result.value.byteLength;
      if (this.#bytes > this.#maxBytes) {
        throw new PromfedError('upstream', `the answer is longer than ${this.#maxBytes} bytes`);
      }
      return result;
    } catch (thrown) {
      this.#release();
      throw requestFailure(thrown, 'body');
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#release();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Lets go of the body, and of its connection unless the body was read to its end.
   *
   * @param error what was wrong with the answer; left out, it was good or its rest was not wanted.
   */
  close(error?: PromfedError): void {
    this.#release();
    if (this.#closed) return;
    this.#closed = true;
    const outcome = error === undefined ? (this.#state === 'read' ? 'ok' : 'canceled') : outcomeOf(error);
    this.#onClose(outcome, this.#bytes);
  }

  #release(): void {
    if (this.#state !== 'open') return;
    this.#state = 'released';
    this.#readable.destroy();
  }
}
