// Quantiles and fractions of the histograms of VictoriaMetrics, whose buckets have a `vmrange` label.

/**
 * Computes the q-quantile of cumulative buckets by the rules of VictoriaMetrics: `counts[i]` observations up to
 * `bounds[i]`, inclusive, for `i < length`. Bounds are distinct and ascend. The counts are overwritten.
 *
 * - a count that is NaN or lower than the one before it is that count;
 * - interpolation is linear within a bucket; the lowest bucket starts at 0;
 * - the infinite bucket returns the highest finite bound;
 * - the result is NaN without observations.
 *
 * Source: VictoriaMetrics, app/vmselect/promql/transform.go (`transformHistogramQuantile`).
 */
export function rangeQuantile(q: number, bounds: Float64Array, counts: Float64Array, length: number): number {
  makeAscending(counts, length);
  const total = length === 0 ? 0 : counts[length - 1]!;
  if (Number.isNaN(q) || total === 0) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * total;
  let below = 0;
  let start = 0;
  for (let i = 0; i < length; i++) {
    const [count, bound] = [counts[i]!, bounds[i]!];
    if (count <= 0 || count < rank) {
      below = Math.max(count, 0);
      start = bound;
      continue;
    }
    if (!Number.isFinite(bound)) break;
    return count === below ? start : start + ((bound - start) * (rank - below)) / (count - below);
  }
  for (let i = length - 1; i >= 0; i--) if (Number.isFinite(bounds[i])) return bounds[i]!;
  return NaN;
}

/**
 * Computes the fraction of the observations between two values, from buckets like those of `rangeQuantile`.
 *
 * - observations are not negative, and the infinite bucket has no observations below a finite value;
 * - the result is 0 when `from` is not below `to`, as in Prometheus, and NaN without observations.
 *
 * Source: VictoriaMetrics, app/vmselect/promql/transform.go (`transformHistogramFraction`).
 */
export function rangeFraction(
  from: number,
  to: number,
  bounds: Float64Array,
  counts: Float64Array,
  length: number,
): number {
  makeAscending(counts, length);
  const total = length === 0 ? 0 : counts[length - 1]!;
  if (Number.isNaN(from) || Number.isNaN(to) || total === 0) return NaN;
  if (from >= to) return 0;
  return shareBelow(to, bounds, counts, length) - shareBelow(from, bounds, counts, length);
}

/** Returns the share of the observations up to a value. */
function shareBelow(value: number, bounds: Float64Array, counts: Float64Array, length: number): number {
  if (value < 0) return 0;
  if (value === Infinity) return 1;
  const total = counts[length - 1]!;
  let below = 0;
  let start = 0;
  for (let i = 0; i < length; i++) {
    const [count, bound] = [counts[i]!, bounds[i]!];
    if (value >= bound) {
      below = count;
      start = bound;
      continue;
    }
    const share = below / total;
    if (bound === Infinity || start === value) return share;
    return share + (((count - below) / total) * (value - start)) / (bound - start);
  }
  return 1;
}

/** Replaces counts that are NaN or decrease. Source: VictoriaMetrics, transform.go (`fixBrokenBuckets`). */
function makeAscending(counts: Float64Array, length: number): void {
  let previous = 0;
  for (let i = 0; i < length; i++) {
    const count = counts[i]!;
    if (Number.isNaN(count) || (i > 0 && count < previous)) counts[i] = previous;
    else previous = count;
  }
}
