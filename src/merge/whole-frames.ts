// Answers that are there as a whole: small ones, whose frames are put together at once instead of as streams.

import { Labels, labelsBytes } from '../model/index.js';
import type { FrameStream, ResponseTail, SeriesFrame } from './frame.js';
import { EMPTY_TAIL } from './frame-stream.js';
import { LabelSetter } from './label-setter.js';
import { SORTED_BYTES } from './sort-if-small.js';

/** An answer that was read to its end: all of its series, and what it says besides. */
export interface WholeFrames {
  readonly frames: readonly SeriesFrame[];
  readonly tail: ResponseTail;
}

/** A part of an answer, every series of it at hand. */
export interface WholePart {
  readonly frames: readonly SeriesFrame[];
  /** Set over every series' own labels. */
  readonly addLabels: Labels;
}

/**
 * What `sortIfSmall` makes of `mergeOrdered`: all series of all parts in the order of their labels, each part's labels
 * set. Undefined when they are more than are sorted, and their order is that of the streams.
 *
 * @throws PromfedError as the stream of `mergeOrdered` does.
 */
export function tryMergeWhole(parts: readonly WholePart[]): readonly SeriesFrame[] | undefined {
  const merged = parts.flatMap(setWholeLabels);
  let bytes = 0;
  for (const { labels, samples } of merged) bytes += samples.length + labelsBytes(labels);
  return bytes > SORTED_BYTES ? undefined : merged.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/** As `setLabels`, of all series at once. */
export function setWholeLabels({ frames, addLabels }: WholePart): readonly SeriesFrame[] {
  const setter = new LabelSetter(addLabels);
  return frames.map(({ labels, samples }) => ({ labels: setter.set(labels), samples }));
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
