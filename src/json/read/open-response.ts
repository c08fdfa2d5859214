// Opens an upstream's answer: from the bytes of its body to its type and its series.

import { PromfedError } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { EMPTY_TRAILER, type ResponseTrailer, type ResultType, type SeriesFrame } from '../frame.js';
import type { BufferedAnswer } from '../stream/buffered-answer.js';
import type { FrameStream } from '../stream/frame-stream.js';
import { ResponseFramer } from './response-framer.js';
import { invalidAnswer } from './upstream-answer-error.js';

export interface OpenResponseOptions {
  /** The largest series that is taken, in bytes as the upstream sends it. Default 64 MiB. */
  readonly maxSeriesBytes?: number;
  /** The largest `metric` object of a series that is taken, in bytes. Default 1 MiB. */
  readonly maxLabelsBytes?: number;
  /**
   * Account for the bytes that frames point into, and for those of an incomplete series. Default: not counted.
   */
  readonly memory?: MemoryAccount | undefined;
}

export interface OpenResponse {
  readonly resultType: ResultType;
  readonly frames: FrameStream;
  /**
   * Reads on, and gives all that `frames` has when the body comes to its good end within so many bytes; `frames` is
   * then over. Undefined when there is more, or it went wrong: `frames` still gives all of it, what went wrong too.
   * Called before `frames` is read, if at all.
   */
  readonly tryBuffer: (maxBytes: number) => Promise<BufferedAnswer | undefined>;
}

/** The body of a response, as undici and Node's streams give it. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  /** Ends it at once. */
  destroy?(): unknown;
  /** The next chunk if it is there already. Called between the `next`s of the iterator, never while one waits. */
  tryNext?(): Uint8Array | undefined;
  /** Whether everything was taken and the good end is reached. Called as `tryNext` is. */
  tryEnd?(): boolean;
}

/** Chunks that are there already are read together up to so many bytes: each batch costs some turns of promises. */
const MAX_BATCH_BYTES = 64 << 10;

const DEFAULT_MAX_SERIES_BYTES = 64 << 20;
const DEFAULT_MAX_LABELS_BYTES = 1 << 20;

/**
 * Reads the body of an answer to `/api/v1/query` or `/api/v1/query_range` until its result type is known, by its
 * `resultType` or by its first series.
 *
 * The body is read chunk by chunk as frames are asked for, those that have arrived already together, up to 64 KiB;
 * frames point into the chunks, which must not be written to. Held at any time: those chunks and the one series that
 * lies across chunks.
 *
 * @throws UpstreamAnswerError when the answer is an error envelope; PromfedError `upstream` when it is cut or is not
 *   what the API promises, `limit` when a series of it is too large. What is only seen later is thrown by the frames.
 *   A PromfedError that the body throws is passed on as it is.
 */
export async function openResponse(
  body: ResponseBody,
  options: OpenResponseOptions = {},
): Promise<OpenResponse> {
  const frames = new ResponseFrames(body, options);
  const resultType = await frames.open();
  return { resultType, frames, tryBuffer: (maxBytes) => frames.tryBuffer(maxBytes) };
}

const NONE: readonly SeriesFrame[] = [];

/** The frames of one body. */
class ResponseFrames implements FrameStream {
  readonly #body: ResponseBody;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #framer: ResponseFramer;
  readonly #memory: MemoryAccount;
  /** Bytes that were taken: of the batch that the reader has, and of what was fed since. */
  #batchBytes = 0;
  #fedBytes = 0;
  #trailer: ResponseTrailer | undefined;
  #closed = false;
  /** Of the body, so far. */
  #bytes = 0;
  /** Read, but not taken yet. */
  #held: readonly SeriesFrame[] = NONE;
  /** What is told once the frames before it were taken. */
  #failure: { readonly error: unknown } | undefined;
  /** Ends the wait for a chunk. */
  #wake: ((chunk: undefined) => void) | undefined;

  constructor(body: ResponseBody, options: OpenResponseOptions) {
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
    this.#memory = options.memory ?? UNCOUNTED_MEMORY;
    this.#framer = new ResponseFramer({
      maxSeriesBytes: options.maxSeriesBytes ?? DEFAULT_MAX_SERIES_BYTES,
      maxLabelsBytes: options.maxLabelsBytes ?? DEFAULT_MAX_LABELS_BYTES,
    });
  }

  async open(): Promise<ResultType> {
    try {
      while (this.#framer.resultType === undefined && this.#trailer === undefined) await this.#read();
    } catch (error) {
      this.close();
      throw error;
    }
    // The framer ends no answer without a result type.
    return this.#framer.resultType!;
  }

  async tryBuffer(maxBytes: number): Promise<BufferedAnswer | undefined> {
    try {
      for (;;) {
        const batch = this.#framer.take();
        if (batch.length > 0) this.#held = this.#held.length === 0 ? batch : this.#held.concat(batch);
        if (this.#trailer !== undefined || this.#closed || this.#bytes >= maxBytes) break;
        await this.#read();
      }
    } catch (error) {
      this.#failure = { error };
      // As a stream that fails: what the failing chunk had is not delivered.
      this.#framer.take();
    }
    if (this.#trailer === undefined) return undefined;
    this.#closed = true;
    // So little is within what every query has in reserve.
    this.#giveBack();
    return { frames: this.#held, trailer: this.#trailer };
  }

  get trailer(): ResponseTrailer {
    return this.#trailer ?? EMPTY_TRAILER;
  }

  async next(): Promise<readonly SeriesFrame[] | undefined> {
    try {
      for (;;) {
        if (this.#closed) return undefined;
        this.#handOver(0);
        const batch = this.#held.length > 0 ? this.#held : this.#framer.take();
        this.#held = NONE;
        if (batch.length > 0) {
          this.#handOver(this.#fedBytes);
          this.#fedBytes = 0;
          return batch;
        }
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#trailer !== undefined) {
          this.#closed = true;
          this.#giveBack();
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
    this.#giveBack();
    this.#wake?.(undefined);
    try {
      if (typeof this.#body.destroy === 'function') this.#body.destroy();
      // An iterator that waits for its source would answer `return` only after that.
      else this.#chunks.return?.().catch(() => undefined);
    } catch {
      // The answer is dropped, and so is the reason why its body cannot be closed.
    }
  }

  /** Feeds the next chunk and those behind it that are there already, or the end. */
  async #read(): Promise<void> {
    const first =
      this.#tryNextChunk() ?? (this.#body.tryEnd?.() === true ? undefined : await this.#nextChunk());
    if (this.#closed) return;
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

  /** The reader is through with its batch, and has so many bytes now. */
  #handOver(bytes: number): void {
    if (this.#batchBytes > 0) this.#memory.release('upstream responses', this.#batchBytes);
    this.#batchBytes = bytes;
  }

  #giveBack(): void {
    this.#handOver(0);
    this.#memory.release('upstream responses', this.#fedBytes);
    this.#fedBytes = 0;
  }

  #tryNextChunk(): Buffer | undefined {
    const chunk = this.#body.tryNext?.();
    return chunk && asBuffer(chunk);
  }

  /** Undefined at the end of the body, and when the stream was closed while waiting. */
  #nextChunk(): Promise<Buffer | undefined> {
    return this.#orClosed(this.#chunks.next().then(chunkOf, cutOff));
  }

  /**
   * Apart from what makes the promise, and let go as soon as it settles: with closures that share a scope, every chunk
   * stayed reachable from those before it until a full collection, tens of megabytes of them.
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

/** A PromfedError says itself what is wrong. */
function cutOff(error: unknown): never {
  if (error instanceof PromfedError) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  throw invalidAnswer(`it is cut before its end: ${reason}`, { cause: error });
}
