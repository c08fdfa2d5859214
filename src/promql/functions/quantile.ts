// The quantile of a set of floats.

/** The q-quantile of `values`, which are sorted in place, as `quantileOfSorted` says. */
export function quantileOf(q: number, values: Float64Array): number {
  // Sorting is what costs, and these need no order.
  if (q >= 0 && q <= 1) values.sort();
  return quantileOfSorted(q, values);
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
