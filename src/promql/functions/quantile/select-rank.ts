// The value at one rank of unordered floats, without sorting all of them.

/** Halving goes wrong only where values are laid out against it; sorting then bounds the cost. */
const MAX_BAD_CUTS = 8;

/**
 * Puts at `values[rank]` what sorting would put there, nothing larger before it and nothing smaller behind it. Takes
 * linear time, or that of sorting where values are laid out against it.
 *
 * Source: C. A. R. Hoare, Algorithm 65: Find.
 *
 * @param values none of them NaN; written to. Of −0 and 0 either may come first.
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
      // Neither runs out of the part: the pivot is one of it, and what was swapped stops the other.
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
