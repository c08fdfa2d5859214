// Sorts small answers as Prometheus sorts a matrix.

import { type FrameStream, type SeriesFrame, GeneratedFrames } from '../json/index.js';
import { Labels, labelsBytes } from '../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';

export interface SortIfSmallOptions {
  /** Maximum size of an answer that is sorted, in bytes of samples and labels. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Account for the bytes that are read ahead. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** Maximum size of an answer that is sorted, in bytes of samples and labels. */
export const MAX_SORTED_BYTES = 1 << 20;

/**
 * Returns a stream of up to `maxBytes` as one batch that is sorted by `Labels.compare`. A larger stream keeps its order.
 * Takes ownership of `frames`.
 */
export function sortIfSmall(frames: FrameStream, options: SortIfSmallOptions = {}): FrameStream {
  const { maxBytes = MAX_SORTED_BYTES, memory = UNCOUNTED_MEMORY } = options;
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
    let batchBytes = 0;
    for (const { labels, samples } of batch) batchBytes += samples.length + labelsBytes(labels);
    memory.reserve('sorting', batchBytes);
    bytes += batchBytes;
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
