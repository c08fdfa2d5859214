// Selection of the value at one rank (quickselect).

import type { Pauses } from '../range/range-function.js';

/** Number of poor partitions after which the rest is sorted. Bounds the cost for adversarial inputs. */
const MAX_BAD_CUTS = 8;

/**
 * Reorders values so that `values[rank]` is the one that sorting would put there, with no larger value before it and no
 * smaller one after it. Takes linear time; for adversarial inputs the time of sorting.
 *
 * Source: C. A. R. Hoare, Algorithm 65: Find.
 *
 * @param values without NaN. −0 and 0 count as equal.
 * @param rank an index of `values`.
 */
export function selectRank(values: Float64Array, rank: number): void {
  let low = 0;
  let high = values.length - 1;
  let badCuts = 0;
  while (low < high) {
    const pivot = medianOf(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      // Neither scan leaves the partition: the pivot stops the first pass, a swapped element every later one.
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    const size = high - low;
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
    if (high - low > size - (size >> 3) && ++badCuts > MAX_BAD_CUTS) {
      values.subarray(low, high + 1).sort();
      return;
    }
  }
}

/** Number of values in the sample whose median is the pivot of a long selection. */
const SAMPLED = 63;
/** Number of exchanges between two checks of the pauses. */
const EXCHANGES_PER_CHECK = 16_384;

/**
 * Selects as `selectRank` does, with pauses. Pivots are medians of random values, so that no input is adversarial; the
 * selected value does not depend on them.
 */
export async function selectRankLong(values: Float64Array, rank: number, pauses: Pauses): Promise<void> {
  let low = 0;
  let high = values.length - 1;
  while (high - low > SAMPLED) {
    if (pauses.due) await pauses.pause();
    const pivot = randomPivot(values, low, high);
    let i = low;
    let j = high;
    for (let exchanges = 1; i <= j; exchanges++) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
      if (exchanges % EXCHANGES_PER_CHECK === 0 && pauses.due) await pauses.pause();
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
  }
  values.subarray(low, high + 1).sort();
}

function randomPivot(values: Float64Array, low: number, high: number): number {
  const sample = Float64Array.from(
    { length: SAMPLED },
    () => values[low + Math.floor(Math.random() * (high - low + 1))]!,
  );
  return sample.sort()[SAMPLED >> 1]!;
}

function medianOf(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
}
