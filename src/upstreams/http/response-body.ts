// The body of a response as chunks of bytes, which are counted and limited.

import { PromfedError } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { outcomeOf, type RequestOutcome } from '../metrics.js';
import type { BodyEnd, BodySource } from './body-source.js';
import { requestFailure } from './failure.js';

/** Number of unread bytes at which the upstream is paused. */
const MAX_WAITING_BYTES = 64 << 10;

/** Memory of a chunk besides its bytes: a sender may send them one by one. */
export const CHUNK_BYTES = 200;

/** The part of a `RequestScope` that a body needs. */
export interface ResponseScope {
  end(outcome: RequestOutcome, bytes: number): void;
}

/**
 * The body of a response. It can be iterated once, with one `next` at a time; nothing is read before the first `next`. The
 * holder always calls `close` in the end. `return`, which leaving a `for await` loop calls, only releases the body.
 *
 * `next` rejects with a PromfedError whose message is only the reason, without group and target.
 *
 * Chunks are returned as they arrived: iterating over a Node.js stream would copy them, a few kilobytes each from servers
 * written in Go, into a new buffer.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  readonly #maxBytes: number;
  readonly #scope: ResponseScope;
  #bytes = 0;
  #state: 'open' | 'read' | 'released' = 'open';
  #closed = false;

  #isListening = false;
  /** The unread chunks are those of `#waiting` from index `#taken`. */
  #waiting: Uint8Array[] = [];
  #taken = 0;
  #waitingBytes = 0;
  /** The end, once it has arrived. */
  #end: BodyEnd | undefined;
  #paused = false;
  #wake: (() => void) | undefined;

  /** Content type of the response; empty when it has none. */
  readonly contentType: string;
  /** Account for the unread bytes. */
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

  /** Returns the next chunk if it has already arrived, else `undefined`. */
  tryNext(): Uint8Array | undefined {
    if (this.#state !== 'open' || this.#taken === this.#waiting.length) return undefined;
    const chunk = this.#waiting[this.#taken++]!;
    this.#waitingBytes -= chunk.byteLength;
    this.memory.release('upstream responses', chunk.byteLength);
    // The upstream is resumed early, so that it sends while the reader processes chunks.
    if (this.#paused && this.#load < MAX_WAITING_BYTES / 2) {
      this.#paused = false;
      this.#source.resume();
    }
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    return chunk;
  }

  /** Reports whether the body was read to its end. */
  tryEnd(): boolean {
    if (this.#state === 'open' && this.#taken === this.#waiting.length && this.#end !== undefined) {
      if (this.#end.error === undefined) this.#state = 'read';
    }
    return this.#state === 'read';
  }

  /** Releases the body immediately, even while a `next` is pending. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#release();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Releases the body and ends the scope. The connection is closed unless the body was read to its end. Further calls are
   * ignored.
   *
   * @param error the reason why the response is unusable. Default: it was read, or the rest is not needed.
   */
  close(error?: PromfedError): void {
    this.#release();
    if (this.#closed) return;
    this.#closed = true;
    const outcome = error === undefined ? (this.#state === 'read' ? 'ok' : 'canceled') : outcomeOf(error);
    this.#scope.end(outcome, this.#bytes);
  }

  /** Memory of the unread chunks. It decides about the pause; the account counts their bytes only. */
  get #load(): number {
    return this.#waitingBytes + CHUNK_BYTES * (this.#waiting.length - this.#taken);
  }

  /** Resolves at the next chunk, at the end, or when the body is released. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (!this.#isListening) this.#listen();
    });
  }

  #listen(): void {
    this.#isListening = true;
    this.#source.listen({
      data: (chunk) => {
        this.#onChunk(chunk);
      },
      end: (end) => {
        this.#onEnd(end);
      },
    });
  }

  #onChunk(chunk: Uint8Array): void {
    if (this.#end !== undefined || this.#state !== 'open') return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      const reason = `response is larger than ${this.#maxBytes} bytes`;
      this.#onEnd({ error: new PromfedError('upstream', reason) });
      this.#source.destroy();
      return;
    }
    try {
      this.memory.reserve('upstream responses', chunk.byteLength);
    } catch (error) {
      this.#onEnd({ error });
      this.#source.destroy();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#load >= MAX_WAITING_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wakeReader();
  }

  #onEnd(end: BodyEnd): void {
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
