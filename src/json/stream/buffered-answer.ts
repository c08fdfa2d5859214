// Small answers that are held in memory instead of read as a stream.

import type { ResponseTrailer, SeriesFrame } from '../frame.js';
import type { FrameStream } from './frame-stream.js';

/** An answer that was read to its end. */
export interface BufferedAnswer {
  readonly frames: readonly SeriesFrame[];
  readonly trailer: ResponseTrailer;
}

/** A buffered answer as a stream. */
export class BufferedStream implements FrameStream {
  #frames: readonly SeriesFrame[];
  readonly trailer: ResponseTrailer;

  constructor({ frames, trailer }: BufferedAnswer) {
    this.#frames = frames;
    this.trailer = trailer;
  }

  next(): Promise<readonly SeriesFrame[] | undefined> {
    const frames = this.#frames;
    this.#frames = [];
    return Promise.resolve(frames.length === 0 ? undefined : frames);
  }

  close(): void {
    this.#frames = [];
  }
}
