// Small answers come out sorted as Prometheus sorts them.

import { type FrameStream, type SeriesFrame, GeneratedFrames } from '../json/index.js';
import { Labels, labelsBytes } from '../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';

export interface SortIfSmallOptions {
  /** Up to so many bytes are read ahead. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Account for the bytes that are read ahead. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** Answers of more bytes than so many are not sorted. */
export const SORTED_BYTES = 1 << 20;

/**
 * A stream that ends within `maxBytes`, counting samples and labels, comes as one batch that is sorted by
 * `Labels.compare`, as Prometheus sorts a matrix. A larger one comes in its own order, unchanged. Takes `frames` over.
 */
export function sortIfSmall(frames: FrameStream, options: SortIfSmallOptions = {}): FrameStream {
  const { maxBytes = SORTED_BYTES, memory = UNCOUNTED_MEMORY } = options;
  return new GeneratedFrames([frames], sorted(frames, maxBytes, memory));
}

async function* sorted(
  frames: FrameStream,
  maxBytes: number,
  memory: MemoryAccount,
): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
  const held: (readonly SeriesFrame[])[] = [];
  let bytes = 0;
  while (bytes <= maxBytes) {
    const batch = await frames.next();
    if (batch === undefined) {
      const all = held.flat().sort((a, b) => Labels.compare(a.labels, b.labels));
      if (all.length > 0) yield all;
      memory.release('sorting', bytes);
      return;
    }
    let weight = 0;
    for (const { labels, samples } of batch) weight += samples.length + labelsBytes(labels);
    memory.reserve('sorting', weight);
    bytes += weight;
    held.push(batch);
  }
  for (let batch = held.shift(); batch !== undefined; batch = held.shift()) yield batch;
  memory.release('sorting', bytes);
  for (;;) {
    const batch = await frames.next();
    if (batch === undefined) return;
    yield batch;
  }
}
