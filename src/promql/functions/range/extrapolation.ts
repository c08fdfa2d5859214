// By how much an increase between samples is extrapolated to its window.

/**
 * What to multiply the increase between the samples `first` and `last` by: they are extrapolated up to an edge of the
 * window when it is nearer than 1.1 times their mean distance, else by half of that distance; a counter no further
 * back than where it would have been zero. From a known zero nothing is extrapolated to the left.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 *
 * @param shareToZero of a counter, its first value by its increase; NaN where that means nothing.
 * @param zeroMs when the counter was zero, which then is where the increase begins. Needed when `first` is `last`.
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
