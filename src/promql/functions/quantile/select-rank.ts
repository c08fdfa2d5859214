// Selection of the value at one rank (quickselect).

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

function medianOf(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
}
