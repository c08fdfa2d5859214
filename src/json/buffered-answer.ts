// Small answers that are held as a whole instead of read as a stream.

import { EMPTY_TAIL } from './frame-stream.js';
import type { FrameStream, ResponseTail, SeriesFrame } from './frame.js';

/** An answer that was read to its end: all of its series, and what it says besides. */
export interface WholeFrames {
  readonly frames: readonly SeriesFrame[];
  readonly tail: ResponseTail;
}

/** A whole answer as a stream, for who reads streams. */
export class WholeStream implements FrameStream {
  #frames: readonly SeriesFrame[];
  #tail: ResponseTail;

  constructor({ frames, tail }: WholeFrames) {
    this.#frames = frames;
    this.#tail = tail;
  }

  next(): Promise<IteratorResult<readonly SeriesFrame[], ResponseTail>> {
    const frames = this.#frames;
    if (frames.length === 0) return Promise.resolve({ done: true, value: this.#tail });
    this.#frames = [];
    return Promise.resolve({ done: false, value: frames });
  }

  async return(
    value: ResponseTail | PromiseLike<ResponseTail>,
  ): Promise<IteratorResult<readonly SeriesFrame[], ResponseTail>> {
    this.#frames = [];
    this.#tail = EMPTY_TAIL;
    return { done: true, value: await value };
  }

  async throw(error: unknown): Promise<IteratorResult<readonly SeriesFrame[], ResponseTail>> {
    this.#frames = [];
    this.#tail = EMPTY_TAIL;
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
