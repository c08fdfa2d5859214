// Extrapolation of an increase between samples to the edges of its window.

/**
 * Returns the factor by which extrapolation multiplies the increase between the samples `first` and `last`.
 *
 * The increase is extrapolated to an edge of the window when the gap is below 1.1 times the mean distance of the
 * samples, else by half of that distance. A counter is not extrapolated beyond the point where it would be zero. With a
 * known zero time nothing is extrapolated to the left.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 *
 * @param shareToZero for a counter its first value divided by its increase; NaN when it does not apply.
 * @param zeroMs time at which the counter was zero; the increase starts there. Required when `first` equals `last`.
 */
export function extrapolationFactor(
  timestamps: Float64Array,
  first: number,
  last: number,
  windowStartMs: number,
  windowEndMs: number,
  shareToZero: number,
  zeroMs: number | undefined,
): number {
  const between = (timestamps[last]! - timestamps[first]!) / 1000;
  const spacing = last > first ? between / (last - first) : 0;
  const threshold = spacing * 1.1;
  let toEnd = (windowEndMs - timestamps[last]!) / 1000;
  if (toEnd >= threshold) toEnd = spacing / 2;
  if (zeroMs !== undefined) {
    const sinceZero = (timestamps[last]! - zeroMs) / 1000;
    return (sinceZero + toEnd) / sinceZero;
  }
  let toStart = (timestamps[first]! - windowStartMs) / 1000;
  if (toStart >= threshold) toStart = spacing / 2;
  const toZero = between * shareToZero;
  if (toZero < toStart) toStart = toZero;
  return (between + toStart + toEnd) / between;
}
