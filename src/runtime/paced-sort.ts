// A merge sort that lets the event loop run.

import type { Pacer } from './pacer.js';

/** Number of elements that are sorted or merged between two checks of the pacer. */
const CHUNK = 4096;

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
  for (let start = 0; start < items.length; start += CHUNK) {
    if (pacer.due) await pacer.pause();
    for (const item of items.slice(start, start + CHUNK).sort(compare)) sorted.push(item);
  }
  for (let width = CHUNK; width < items.length; width *= 2) {
    const merged: T[] = [];
    for (let start = 0; start < items.length; start += 2 * width) {
      const middle = Math.min(start + width, items.length);
      const end = Math.min(middle + width, items.length);
      let [left, right] = [start, middle];
      while (left < middle || right < end) {
        if (merged.length % CHUNK === 0 && pacer.due) await pacer.pause();
        const takesLeft = right === end || (left < middle && compare(sorted[left]!, sorted[right]!) <= 0);
        merged.push(sorted[takesLeft ? left++ : right++]!);
      }
    }
    sorted = merged;
  }
  return sorted;
}
