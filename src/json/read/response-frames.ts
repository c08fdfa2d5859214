// The frames of one response body.

import { PromfedError } from '../../model/index.js';
import { readingTurn, UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { EMPTY_TRAILER, type ResponseTrailer, type ResultType, type SeriesFrame } from '../frame.js';
import type { BufferedAnswer } from '../stream/buffered-answer.js';
import type { FrameStream } from '../stream/frame-stream.js';
import { ResponseFramer } from './response-framer.js';
import { invalidAnswer } from './upstream-answer-error.js';

/** Chunks that have arrived are read together up to this size, because every batch costs several promises. */
const MAX_BATCH_BYTES = 64 << 10;

const DEFAULT_MAX_SERIES_BYTES = 64 << 20;
const DEFAULT_MAX_LABELS_BYTES = 1 << 20;

export interface OpenResponseOptions {
  /** Maximum size of a series, in bytes as the upstream sends it. Default 64 MiB. */
  readonly maxSeriesBytes?: number;
  /** Maximum size of a series' `metric` object, in bytes as the upstream sends it. Default 1 MiB. */
  readonly maxLabelsBytes?: number;
  /**
   * True to reject malformed samples where they are cheap to find: all samples of short lists, the first and the last one
   * of longer lists. Default false: only the end of the samples is located.
   */
  readonly checksSamples?: boolean;
  /** Account for the bytes that frames point into, and for those of an incomplete series. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** The body of a response, as undici and Node's streams provide it. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  /** Ends the body at once. */
  destroy?(): unknown;
  /** Returns the next chunk if it has arrived. Never called while `next` of the iterator waits. */
  tryNext?(): Uint8Array | undefined;
  /** Reports whether all chunks were taken and the body is complete. Never called while `next` of the iterator waits. */
  tryEnd?(): boolean;
}

const NONE: readonly SeriesFrame[] = [];

/** See `openResponse`. */
export class ResponseFrames implements FrameStream {
  readonly #body: ResponseBody;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #framer: ResponseFramer;
  readonly #memory: MemoryAccount;
  /** Reserved bytes of the batch that the reader holds. */
  #batchBytes = 0;
  /** Reserved bytes that were fed to the framer since. */
  #fedBytes = 0;
  /** Number of bytes read from the body. */
  #bytes = 0;
  /** Frames that `tryBuffer` read without returning them. */
  #buffered: readonly SeriesFrame[] = NONE;
  /** The error that ended `tryBuffer`. `next` throws it after the buffered frames. */
  #failure: { readonly error: unknown } | undefined;
  #trailer: ResponseTrailer | undefined;
  #closed = false;
  /** Ends the wait for a chunk. */
  #wake: ((chunk: undefined) => void) | undefined;

  constructor(body: ResponseBody, options: OpenResponseOptions) {
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
    this.#memory = options.memory ?? UNCOUNTED_MEMORY;
    this.#framer = new ResponseFramer({
      maxSeriesBytes: options.maxSeriesBytes ?? DEFAULT_MAX_SERIES_BYTES,
      maxLabelsBytes: options.maxLabelsBytes ?? DEFAULT_MAX_LABELS_BYTES,
      checksSamples: options.checksSamples ?? false,
    });
  }

  /** Reads until the result type is known. */
  async open(): Promise<ResultType> {
    try {
      while (this.#framer.resultType === undefined && this.#trailer === undefined) await this.#read();
    } catch (error) {
      this.close();
      throw error;
    }
    // The framer accepts no answer without a result type.
    return this.#framer.resultType!;
  }

  /** See `OpenResponse.tryBuffer`. */
  async tryBuffer(maxBytes: number): Promise<BufferedAnswer | undefined> {
    try {
      for (;;) {
        const batch = this.#framer.take();
        if (batch.length > 0) {
          this.#buffered = this.#buffered.length === 0 ? batch : this.#buffered.concat(batch);
        }
        if (this.#trailer !== undefined || this.#closed || this.#bytes >= maxBytes) break;
        await this.#read();
      }
    } catch (error) {
      this.#failure = { error };
      // Frames of the failing chunk are dropped, like those of a stream that fails.
      this.#framer.take();
    }
    if (this.#trailer === undefined) return undefined;
    this.#closed = true;
    // The initial reservation of the query covers this little.
    this.#releaseAll();
    return { frames: this.#buffered, trailer: this.#trailer };
  }

  get trailer(): ResponseTrailer {
    return this.#trailer ?? EMPTY_TRAILER;
  }

  async next(): Promise<readonly SeriesFrame[] | undefined> {
    try {
      for (;;) {
        if (this.#closed) return undefined;
        this.#holdBatch(0);
        const batch = this.#buffered.length > 0 ? this.#buffered : this.#framer.take();
        this.#buffered = NONE;
        if (batch.length > 0) {
          this.#holdBatch(this.#fedBytes);
          this.#fedBytes = 0;
          return batch;
        }
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#trailer !== undefined) {
          this.#closed = true;
          this.#releaseAll();
          return undefined;
        }
        await this.#read();
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#releaseAll();
    this.#wake?.(undefined);
    try {
      if (typeof this.#body.destroy === 'function') this.#body.destroy();
      // A waiting iterator returns from `return` only after its source, so it is not awaited.
      else this.#chunks.return?.().catch(() => undefined);
    } catch {
      // The answer is dropped, and so is the reason why its body cannot be closed.
    }
  }

  /** Feeds the next chunk and those after it that have arrived, or the end of the body. */
  async #read(): Promise<void> {
    const first =
      this.#tryNextChunk() ?? (this.#body.tryEnd?.() === true ? undefined : await this.#nextChunk());
    while (readingTurn.isUsedUp) await readingTurn.end();
    if (this.#isClosed()) return;
    if (first === undefined) {
      this.#trailer = this.#framer.end();
      return;
    }
    let bytes = 0;
    for (let chunk: Buffer | undefined = first; chunk !== undefined; chunk = this.#tryNextChunk()) {
      this.#memory.reserve('upstream responses', chunk.length);
      this.#fedBytes += chunk.length;
      this.#framer.feed(chunk);
      bytes += chunk.length;
      this.#bytes += chunk.length;
      if (bytes >= MAX_BATCH_BYTES) return;
    }
  }

  /** A method, because the stream may be closed while `#read` waits. */
  #isClosed(): boolean {
    return this.#closed;
  }

  /** Releases the reader's previous batch; the next one has `bytes`, which are already reserved. */
  #holdBatch(bytes: number): void {
    if (this.#batchBytes > 0) this.#memory.release('upstream responses', this.#batchBytes);
    this.#batchBytes = bytes;
  }

  #releaseAll(): void {
    this.#holdBatch(0);
    this.#memory.release('upstream responses', this.#fedBytes);
    this.#fedBytes = 0;
  }

  #tryNextChunk(): Buffer | undefined {
    const chunk = this.#body.tryNext?.();
    return chunk && asBuffer(chunk);
  }

  /** Waits for the next chunk. Returns undefined at the end of the body, and when the stream is closed meanwhile. */
  #nextChunk(): Promise<Buffer | undefined> {
    return this.#orClosed(this.#chunks.next().then(chunkOf, throwTruncated));
  }

  /**
   * A method of its own, whose closures are dropped when the promise settles. Closures that share a scope with the
   * caller's kept every chunk reachable from the ones before it until a full collection, tens of megabytes.
   */
  #orClosed(chunk: Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      chunk.then((value) => {
        this.#wake = undefined;
        resolve(value);
      }, reject);
    });
  }
}

function chunkOf(result: IteratorResult<Uint8Array>): Buffer | undefined {
  return result.done === true ? undefined : asBuffer(result.value);
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Throws a PromfedError of the body unchanged, because it already describes the failure. */
function throwTruncated(error: unknown): never {
  if (error instanceof PromfedError) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  throw invalidAnswer(`truncated: ${reason}`, { cause: error });
}
