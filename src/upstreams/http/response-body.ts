// An answer's body as bytes: counted, bounded, its failures in words, its connection let go whichever way it ends.

import { PromfedError } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { outcomeOf, type RequestOutcome } from '../metrics.js';
import type { BodyEnd, BodySource } from './body-source.js';
import { requestFailure } from './failure.js';

/** From so many bytes waiting to be read on, the upstream is not read. */
const MAX_WAITING_BYTES = 64 << 10;

/** The part of a `RequestScope` that a body needs. */
export interface ResponseScope {
  end(outcome: RequestOutcome, bytes: number): void;
}

/**
 * Iterable once, and not read before the first `next`. `return` (what leaving a `for await` loop calls) ends the
 * connection at once, even while a `next` is waiting for the upstream. The holder calls `close` when it is through
 * with the body, whatever came of it. One `next` at a time.
 *
 * `next` rejects with a PromfedError whose message is the reason alone, without group and target.
 *
 * Chunks are taken as they arrive and not iterated over as a stream: that would copy all that arrived meanwhile into
 * one new buffer, and servers written in Go send pieces of a few kilobytes.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  readonly #maxBytes: number;
  readonly #scope: ResponseScope;
  #bytes = 0;
  #state: 'open' | 'read' | 'released' = 'open';
  #closed = false;

  #flows = false;
  /** What arrived and was not taken yet: `#waiting` from `#taken` on. */
  #waiting: Uint8Array[] = [];
  #taken = 0;
  #waitingBytes = 0;
  /** Why nothing more arrives, once that is so; `error` is undefined at the good end. */
  #end: BodyEnd | undefined;
  #paused = false;
  #wake: (() => void) | undefined;

  /** What the answer calls itself; empty when it does not say. */
  readonly contentType: string;
  /** Account for the bytes that wait to be read. */
  readonly memory: MemoryAccount;

  /** @param maxBytes inclusive. @param scope ended by `close`. */
  constructor(
    source: BodySource,
    maxBytes: number,
    scope: ResponseScope,
    contentType = '',
    memory: MemoryAccount = UNCOUNTED_MEMORY,
  ) {
    this.contentType = contentType;
    this.memory = memory;
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#scope = scope;
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
    this.memory.release('upstream responses', chunk.byteLength);
    // Before it is empty, so that the upstream is read while this is worked on.
    if (this.#paused && this.#waitingBytes < MAX_WAITING_BYTES / 2) {
      this.#paused = false;
      this.#source.resume();
    }
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
    this.#scope.end(outcome, this.#bytes);
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
    this.#source.listen({
      data: (chunk) => {
        this.#arrived(chunk);
      },
      end: (end) => {
        this.#arrivedAll(end);
      },
    });
  }

  #arrived(chunk: Uint8Array): void {
    if (this.#end !== undefined || this.#state !== 'open') return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      const reason = `the answer is longer than ${this.#maxBytes} bytes`;
      this.#arrivedAll({ error: new PromfedError('upstream', reason) });
      this.#source.destroy();
      return;
    }
    try {
      this.memory.reserve('upstream responses', chunk.byteLength);
    } catch (error) {
      this.#arrivedAll({ error });
      this.#source.destroy();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes >= MAX_WAITING_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wakeReader();
  }

  #arrivedAll(end: BodyEnd): void {
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
    this.memory.release('upstream responses', this.#waitingBytes);
    this.#waitingBytes = 0;
    this.#source.destroy();
    this.#wakeReader();
  }
}
