// Merges lists of metadata: sorted, without duplicates, in time slices.

import { type MemoryAccount, type Pacer, sortPaced } from '../runtime/index.js';
import { removeFirst, siftDown } from './heap.js';

/** Number of items that are handled between two checks of the pacer: comparing large label sets takes milliseconds. */
const PACED_EACH = 8;

/** Memory of an item of a list that is sorted: its places in the lists of the merge sort. */
const SORTED_BYTES = 24;
/** Memory of an item of the merged list. */
const MERGED_BYTES = 16;

export interface MergeDistinctOptions<T> {
  readonly compare: (a: T, b: T) => number;
  readonly pacer: Pacer;
  readonly memory: MemoryAccount;
  /** Maximum number of items to return, the first ones. Default: all. */
  readonly max?: number | undefined;
}

/**
 * Returns the items of all lists in order, without duplicates. Lists that are in order are merged as they are; others,
 * and lists that repeat items, are sorted first. The lists are not changed.
 *
 * @throws PromfedError what the account and `Pacer.pause` throw.
 */
export async function mergeDistinct<T>(
  lists: readonly (readonly T[])[],
  { compare, pacer, memory, max = Infinity }: MergeDistinctOptions<T>,
): Promise<T[]> {
  const runs: Run<T>[] = [];
  let total = 0;
  for (const list of lists) {
    if (list.length === 0) continue;
    total += list.length;
    const isSorted = await ascends(list, compare, pacer);
    if (!isSorted) memory.reserve('sorting', SORTED_BYTES * list.length);
    runs.push({ items: isSorted ? list : await sortPaced(pacer, list, compare), next: 0 });
  }
  memory.reserve('merging', MERGED_BYTES * Math.min(total, max));
  return mergeRuns(runs, compare, pacer, max);
}

/** A sorted list and the index of its next item. */
interface Run<T> {
  readonly items: readonly T[];
  next: number;
}

async function ascends<T>(
  list: readonly T[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
): Promise<boolean> {
  for (let i = 1; i < list.length; i++) {
    if (i % PACED_EACH === 0 && pacer.due) await pacer.pause();
    if (compare(list[i - 1]!, list[i]!) > 0) return false;
  }
  return true;
}

/** Merges runs by a heap, whose first run has the smallest item. */
async function mergeRuns<T>(
  runs: readonly Run<T>[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
  max: number,
): Promise<T[]> {
  const before = (a: Run<T>, b: Run<T>): boolean => compare(a.items[a.next]!, b.items[b.next]!) < 0;
  const heap = [...runs].sort((a, b) => compare(a.items[0]!, b.items[0]!));
  const merged: T[] = [];
  for (let n = 1; heap.length > 0 && merged.length < max; n++) {
    if (n % PACED_EACH === 0 && pacer.due) await pacer.pause();
    const run = heap[0]!;
    const item = run.items[run.next++]!;
    if (merged.length === 0 || compare(merged.at(-1)!, item) !== 0) merged.push(item);
    if (run.next < run.items.length) siftDown(heap, before);
    else removeFirst(heap, before);
  }
  return merged;
}
