// Reads the frames of one of several streams one by one.

import type { SeriesFrame } from '../json/index.js';
import { Labels } from '../model/index.js';
import type { ReadAhead } from './read-ahead.js';

/** Approximate memory of a label, in bytes. */
const LABEL_BYTES = 64;

export class FrameCursor {
  /** Index of the stream. */
  readonly stream: number;
  readonly #ahead: ReadAhead;
  #queue: readonly SeriesFrame[] = [];
  #next = 0;
  #previous: Labels | undefined;
  #ended = false;
  #ascends = true;

  constructor(stream: number, ahead: ReadAhead) {
    this.stream = stream;
    this.#ahead = ahead;
  }

  /** True when no frame is left. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True when the labels of all frames so far ascend strictly. */
  get ascends(): boolean {
    return this.#ascends;
  }

  /** The frame that `take` returns; undefined when `load` must be called first. */
  get head(): SeriesFrame | undefined {
    return this.#queue[this.#next];
  }

  /** True when `load` would wait for the stream. */
  get mustWait(): boolean {
    return this.head === undefined && !this.#ended && !this.#ahead.isReady(this.stream);
  }

  /** Sets `head` to the next frame, or `ended` to true. */
  async load(): Promise<void> {
    if (this.head !== undefined || this.#ended) return;
    const batch = await this.#ahead.take(this.stream);
    if (batch === undefined) this.#ended = true;
    else this.#begin(batch);
  }

  /** Appends one more batch to the frames that are left. Returns its weight in bytes; 0 at the end. */
  async loadMore(): Promise<number> {
    const batch = await this.#ahead.take(this.stream);
    if (batch === undefined) {
      this.#ended = this.head === undefined;
      return 0;
    }
    const rest = this.#queue.slice(this.#next);
    this.#begin(batch);
    if (rest.length > 0) this.#queue = [...rest, ...batch];
    return batch.reduce((sum, frame) => sum + frameWeight(frame), 0);
  }

  take(): SeriesFrame {
    return this.#queue[this.#next++]!;
  }

  #begin(batch: readonly SeriesFrame[]): void {
    for (const { labels } of batch) {
      if (this.#previous !== undefined && Labels.compare(this.#previous, labels) >= 0) this.#ascends = false;
      this.#previous = labels;
    }
    this.#queue = batch;
    this.#next = 0;
  }
}

/** Returns the approximate memory of a frame in bytes. */
export function frameWeight({ labels, samples }: SeriesFrame): number {
  return samples.length + LABEL_BYTES * (labels.size + 1);
}
