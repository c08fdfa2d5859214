// An answer's body as bytes: counted, bounded, its failures in words, its connection let go whichever way it ends.

import type { Readable } from 'node:stream';

import { PromfedError } from '../model/index.js';
import { requestFailure } from './failure.js';
import { outcomeOf, type RequestOutcome } from './metrics.js';

/** From so many bytes waiting to be read on, the upstream is not read. */
const MAX_WAITING_BYTES = 64 << 10;

/**
 * Iterable once, and not read before the first `next`. `return` (what leaving a `for await` loop calls) ends the
 * connection at once, even while a `next` is waiting for the upstream. The holder calls `close` when it is through
 * with the body, whatever came of it. One `next` at a time.
 *
 * `next` rejects with a PromfedError whose message is the reason alone, without group and target.
 *
 * The stream flows and is paused, instead of being iterated itself: that would copy all that arrived meanwhile into
 * one new buffer, and servers written in Go send pieces of a few kilobytes.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #readable: Readable;
  readonly #maxBytes: number;
  readonly #onClose: (outcome: RequestOutcome, bytes: number) => void;
  #bytes = 0;
  #state: 'open' | 'read' | 'released' = 'open';
  #closed = false;

  #flows = false;
  /** What arrived and was not taken yet: `#waiting` from `#taken` on. */
  #waiting: Uint8Array[] = [];
  #taken = 0;
  #waitingBytes = 0;
  /** Why nothing more arrives, once that is so; `error` is undefined at the good end. */
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** What the answer calls itself; empty when it does not say. */
  readonly contentType: string;

  /** @param maxBytes inclusive. @param onClose told once, by `close`. */
  constructor(
    readable: Readable,
    maxBytes: number,
    onClose: (outcome: RequestOutcome, bytes: number) => void,
    contentType = '',
  ) {
    this.contentType = contentType;
    // A stream that is destroyed while nobody reads reports it as an event, and an unheard one ends the process.
    readable.on('error', (error) => {
      this.#arrivedAll({ error });
    });
    this.#readable = readable;
    this.#maxBytes = maxBytes;
    this.#onClose = onClose;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const chunk = this.tryNext();
      if (chunk !== undefined) return { done: false, value: chunk };
      if (this.#state !== 'open') return { done: true, value: undefined };
      if (this.#end === undefined) {
        await this.#arrival();
      } else if (this.#end.error === undefined) {
        this.#state = 'read';
      } else {
        this.#release();
        throw requestFailure(this.#end.error, 'body');
      }
    }
  }

  /** The next chunk when it has arrived already; undefined otherwise, and at the end. */
  tryNext(): Uint8Array | undefined {
    if (this.#state !== 'open' || this.#taken === this.#waiting.length) return undefined;
    const chunk = this.#waiting[this.#taken++]!;
    this.#waitingBytes -= chunk.byteLength;
    // Before it is empty, so that the upstream is read while this is worked on.
    if (this.#waitingBytes < MAX_WAITING_BYTES / 2 && this.#readable.isPaused()) this.#readable.resume();
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    return chunk;
  }

  /** Whether everything was taken, up to the good end. */
  tryEnd(): boolean {
    if (this.#state === 'open' && this.#taken === this.#waiting.length && this.#end !== undefined) {
      if (this.#end.error === undefined) this.#state = 'read';
    }
    return this.#state === 'read';
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

  /** Settles when there is something new: a chunk, the end, or that the body was let go. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (!this.#flows) this.#begin();
    });
  }

  #begin(): void {
    this.#flows = true;
    const readable = this.#readable;
    if (readable.destroyed) {
      this.#arrivedAll({ error: readable.errored ?? prematureClose() });
      return;
    }
    readable
      .on('end', () => {
        this.#arrivedAll({ error: undefined });
      })
      .on('close', () => {
        // Nearly every stream closes after its end: the error is not made for nothing.
        if (this.#end === undefined) this.#arrivedAll({ error: prematureClose() });
      })
      .on('data', (chunk: Uint8Array) => {
        this.#arrived(chunk);
      });
  }

  #arrived(chunk: Uint8Array): void {
    if (this.#end !== undefined || this.#state !== 'open') return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      const reason = `the answer is longer than ${this.#maxBytes} bytes`;
      this.#arrivedAll({ error: new PromfedError('upstream', reason) });
      this.#readable.destroy();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes >= MAX_WAITING_BYTES) this.#readable.pause();
    this.#wakeReader();
  }

  #arrivedAll(end: { readonly error: unknown }): void {
    this.#end ??= end;
    this.#wakeReader();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    if (this.#state !== 'open') return;
    this.#state = 'released';
    this.#waiting = [];
    this.#taken = 0;
    this.#readable.destroy();
    this.#wakeReader();
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
