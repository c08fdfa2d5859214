// Answers that are there as a whole: small ones, whose frames are put together at once instead of as streams.

import { Labels, labelsBytes, PromfedError } from '../model/index.js';
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
  if (parts.length > 1) for (const { frames } of parts) checkRepeated(frames);
  const merged = parts.flatMap(setWholeLabels);
  let bytes = 0;
  for (const { labels, samples } of merged) bytes += samples.length + labelsBytes(labels);
  return bytes > SORTED_BYTES ? undefined : merged.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/** As `setLabels`, of all series at once. */
export function setWholeLabels({ frames, addLabels }: WholePart): readonly SeriesFrame[] {
  if (addLabels.size === 0) return frames;
  const setter = new LabelSetter(addLabels);
  if (!frames.some(({ labels }) => setter.carries(labels))) {
    // Nothing is lost of any series, so that no two become one.
    return frames.map(({ labels, samples }) => ({ labels: labels.with(addLabels), samples }));
  }
  return frames.map(({ labels, samples }) => ({ labels: setter.set(labels), samples }));
}

function checkRepeated(frames: readonly SeriesFrame[]): void {
  for (let i = 1; i < frames.length; i++) {
    const { labels } = frames[i]!;
    if (Labels.compare(frames[i - 1]!.labels, labels) === 0) throw repeated(labels);
  }
}

/** A series that came twice in a row in one part. */
export function repeated(labels: Labels): PromfedError {
  return new PromfedError('upstream', `the series ${labels.toString()} came twice`);
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
