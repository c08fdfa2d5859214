// A merge sort that lets the event loop run.

import type { Pacer } from './pacer.js';

/** Numbers of elements that are sorted between two checks of the pacer. */
const MIN_CHUNK = 8;
const MAX_CHUNK = 4096;
/** Time of a chunk in milliseconds below which the next ones are larger: comparing long texts takes milliseconds. */
const MAX_CHUNK_MS = 1;
/** Number of elements that are merged between two checks. */
const MERGED_EACH = 8;

/**
 * Sorts the items into a new array. The sort is stable.
 *
 * @throws PromfedError as `Pacer.pause` does.
 */
export async function sortPaced<T>(
  pacer: Pacer,
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<T[]> {
  let sorted: T[] = [];
  /** Bounds of the sorted parts. */
  let bounds = [0];
  let chunk = MIN_CHUNK;
  while (sorted.length < items.length) {
    if (pacer.due) await pacer.pause();
    const startMs = performance.now();
    const start = sorted.length;
    for (const item of items.slice(start, start + chunk).sort(compare)) sorted.push(item);
    bounds.push(sorted.length);
    const isFast = performance.now() - startMs < MAX_CHUNK_MS;
    chunk = isFast ? Math.min(MAX_CHUNK, 8 * chunk) : Math.max(MIN_CHUNK, chunk >> 3);
  }
  while (bounds.length > 2) {
    const merged: T[] = [];
    const mergedBounds = [0];
    for (let part = 0; part + 1 < bounds.length; part += 2) {
      const middle = bounds[part + 1]!;
      const end = bounds[part + 2] ?? middle;
      let [left, right] = [bounds[part]!, middle];
      while (left < middle || right < end) {
        if (merged.length % MERGED_EACH === 0 && pacer.due) await pacer.pause();
        const takesLeft = right === end || (left < middle && compare(sorted[left]!, sorted[right]!) <= 0);
        merged.push(sorted[takesLeft ? left++ : right++]!);
      }
      mergedBounds.push(end);
    }
    sorted = merged;
    bounds = mergedBounds;
  }
  return sorted;
}
