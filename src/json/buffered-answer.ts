// Small answers that are held as a whole instead of read as a stream.

import { EMPTY_TRAILER } from './frame-stream.js';
import type { FrameStream, ResponseTrailer, SeriesFrame } from './frame.js';

/** An answer that was read to its end: all of its series, and what it says besides. */
export interface BufferedAnswer {
  readonly frames: readonly SeriesFrame[];
  readonly trailer: ResponseTrailer;
}

/** A whole answer as a stream, for who reads streams. */
export class BufferedStream implements FrameStream {
  #frames: readonly SeriesFrame[];
  #tail: ResponseTrailer;

  constructor({ frames, trailer: tail }: BufferedAnswer) {
    this.#frames = frames;
    this.#tail = tail;
  }

  next(): Promise<IteratorResult<readonly SeriesFrame[], ResponseTrailer>> {
    const frames = this.#frames;
    if (frames.length === 0) return Promise.resolve({ done: true, value: this.#tail });
    this.#frames = [];
    return Promise.resolve({ done: false, value: frames });
  }

  async return(
    value: ResponseTrailer | PromiseLike<ResponseTrailer>,
  ): Promise<IteratorResult<readonly SeriesFrame[], ResponseTrailer>> {
    this.#frames = [];
    this.#tail = EMPTY_TRAILER;
    return { done: true, value: await value };
  }

  async throw(error: unknown): Promise<IteratorResult<readonly SeriesFrame[], ResponseTrailer>> {
    this.#frames = [];
    this.#tail = EMPTY_TRAILER;
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
