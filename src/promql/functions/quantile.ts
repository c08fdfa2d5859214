// The quantile of a set of floats.

/** Fewer values are sorted sooner than the right ones are picked out. */
const MIN_SELECTED = 32;

/** The q-quantile of `values`, which are put into another order in place, as `quantileOfSorted` says. */
export function quantileOf(q: number, values: Float64Array): number {
  // Neither order nor values matter to these.
  if (!(q >= 0 && q <= 1)) return quantileOfSorted(q, values);
  if (values.length < MIN_SELECTED) return quantileOfSorted(q, values.sort());
  const nans = nansFirst(values);
  const rank = q * (values.length - 1);
  const lower = Math.floor(rank);
  const weight = rank - lower;
  const upper = Math.min(values.length - 1, lower + 1);
  if (lower < nans) return NaN;
  select(values, nans, values.length - 1, lower);
  // Behind the selected one nothing is smaller: the next in order is the least of them.
  let next = values[upper]!;
  for (let i = upper + 1; i < values.length; i++) if (values[i]! < next) next = values[i]!;
  return values[lower]! * (1 - weight) + next * weight;
}

/** Moves every NaN before all other values; returns how many there are. */
function nansFirst(values: Float64Array): number {
  let nans = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === value) continue;
    values[i] = values[nans]!;
    values[nans++] = value;
  }
  return nans;
}

/**
 * Moves values between `left` and `right`, both inclusive, none of them NaN, until the one at `k` is where sorting would
 * have it: none before it is larger, and none behind it is smaller.
 *
 * Hoare's selection around the median of three. Values laid out so that it makes no headway are sorted in the end, so
 * that nobody can make it quadratic.
 */
function select(values: Float64Array, left: number, right: number, k: number): void {
  let rounds = 2 * Math.ceil(Math.log2(values.length));
  while (left < right) {
    if (rounds-- === 0) {
      values.subarray(left, right + 1).sort();
      return;
    }
    const pivot = medianOfThree(values[left]!, values[(left + right) >> 1]!, values[right]!);
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
}

/**
 * The q-quantile of `values` in the order of `Float64Array.sort`: linear between ranks, NaN counts as the lowest value,
 * NaN for no values or a NaN q, −Inf below 0 and +Inf above 1.
 *
 * Source: Prometheus, promql/quantile.go (`quantile`).
 */
export function quantileOfSorted(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  // A typed array sorts its NaNs last; here they rank first.
  let nans = 0;
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans++;
  const at = (rank: number): number => (rank < nans ? NaN : values[rank - nans]!);
  const rank = q * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return at(lower) * (1 - weight) + at(upper) * weight;
}
