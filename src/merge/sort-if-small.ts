// Small answers come out sorted as Prometheus sorts them.

import { Labels } from '../model/index.js';
import type { FrameStream, ResponseTail, SeriesFrame } from './frame.js';
import { ClosableStream } from './frame-stream.js';

export interface SortIfSmallOptions {
  /** Up to so many bytes are read ahead. Default 1 MiB. */
  readonly maxBytes?: number;
}

/** Answers of more bytes than so many are not sorted. */
export const SORTED_BYTES = 1 << 20;

/**
 * A stream that ends within `maxBytes`, counting samples and labels, comes as one batch that is sorted by
 * `Labels.compare`, as Prometheus sorts a matrix. A larger one comes in its own order, unchanged. Takes `frames` over.
 */
export function sortIfSmall(frames: FrameStream, options: SortIfSmallOptions = {}): FrameStream {
  return new ClosableStream([frames], sorted(frames, options.maxBytes ?? SORTED_BYTES));
}

/** About what labels take in memory: their characters, and a reference for each string. */
export function weightOf({ flat }: Labels): number {
  let bytes = 0;
  for (const text of flat) bytes += text.length + 16;
  return bytes;
}

async function* sorted(
  frames: FrameStream,
  maxBytes: number,
): AsyncGenerator<readonly SeriesFrame[], ResponseTail, undefined> {
  const held: (readonly SeriesFrame[])[] = [];
  let bytes = 0;
  while (bytes <= maxBytes) {
    const result = await frames.next();
    if (result.done === true) {
      const all = held.flat().sort((a, b) => Labels.compare(a.labels, b.labels));
      if (all.length > 0) yield all;
      return result.value;
    }
    for (const { labels, samples } of result.value) bytes += samples.length + weightOf(labels);
    held.push(result.value);
  }
  for (let batch = held.shift(); batch !== undefined; batch = held.shift()) yield batch;
  for (;;) {
    const result = await frames.next();
    if (result.done === true) return result.value;
    yield result.value;
  }
}
