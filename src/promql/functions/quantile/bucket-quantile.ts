// Quantiles of classic histogram buckets.

/** Decreases of cumulative counts that were removed. */
export interface MonotonicityFix {
  /** Lowest and highest bound of the changed buckets. */
  readonly minBound: number;
  readonly maxBound: number;
  /** Largest decrease. */
  readonly maxDifference: number;
}

export interface BucketQuantile {
  readonly value: number;
  /** Undefined when the counts were monotonic, apart from rounding. */
  readonly monotonicityFix: MonotonicityFix | undefined;
}

/** Relative difference of neighbouring counts below which they are equal, apart from rounding. */
const TOLERANCE = 1e-12;

/** The smallest normal float. */
const MIN_NORMAL = 2.2250738585072014e-308;

/**
 * Computes the q-quantile of cumulative buckets: `counts[i]` observations up to `bounds[i]`, inclusive, for
 * `i < length`. Bounds ascend and may repeat. Both arrays are overwritten.
 *
 * - counts of equal bounds are added;
 * - small decreases of the counts are treated as rounding; others are removed and reported;
 * - interpolation is linear within a bucket; the lowest bucket starts at 0, or returns its bound when that is 0 or less;
 *   the highest bucket returns the bound below it;
 * - the result is NaN without a +Inf bucket, with fewer than two buckets, or without observations.
 *
 * Source: Prometheus, promql/quantile.go (`BucketQuantile`).
 */
export function bucketQuantile(
  q: number,
  bounds: Float64Array,
  counts: Float64Array,
  length: number,
): BucketQuantile {
  if (Number.isNaN(q)) return plain(NaN);
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (length === 0 || bounds[length - 1] !== Infinity) return plain(NaN);
  const size = coalesce(bounds, counts, length);
  const monotonicityFix = makeMonotonic(bounds, counts, size);
  if (size < 2) return plain(NaN);
  const observations = counts[size - 1]!;
  if (observations === 0) return plain(NaN);

  const rank = q * observations;
  let low = 0;
  let high = size - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (counts[middle]! >= rank) high = middle;
    else low = middle + 1;
  }
  if (low === size - 1) return { value: bounds[size - 2]!, monotonicityFix };
  if (low === 0 && bounds[0]! <= 0) return { value: bounds[0]!, monotonicityFix };
  const below = low === 0 ? 0 : counts[low - 1]!;
  const start = low === 0 ? 0 : bounds[low - 1]!;
  const share = (rank - below) / (counts[low]! - below);
  return { value: start + (bounds[low]! - start) * share, monotonicityFix };
}

/** A result without changes to the counts. */
function plain(value: number): BucketQuantile {
  return { value, monotonicityFix: undefined };
}

/** Adds the counts of equal bounds. Returns the number of remaining buckets. */
function coalesce(bounds: Float64Array, counts: Float64Array, length: number): number {
  let last = 0;
  for (let i = 1; i < length; i++) {
    if (bounds[i] === bounds[last]) {
      counts[last] = counts[last]! + counts[i]!;
    } else {
      last++;
      bounds[last] = bounds[i]!;
      counts[last] = counts[i]!;
    }
  }
  return last + 1;
}

/**
 * Removes decreases of the counts. Returns undefined when all of them were rounding.
 *
 * Source: Prometheus, promql/quantile.go (`ensureMonotonicAndIgnoreSmallDeltas`).
 */
function makeMonotonic(
  bounds: Float64Array,
  counts: Float64Array,
  size: number,
): MonotonicityFix | undefined {
  let minBound = Infinity;
  let maxBound = -Infinity;
  let maxDifference = 0;
  let isFixed = false;
  let previous = counts[0]!;
  for (let i = 1; i < size; i++) {
    const current = counts[i]!;
    if (current === previous) continue;
    if (almostEqual(previous, current)) {
      counts[i] = previous;
    } else if (current < previous) {
      counts[i] = previous;
      isFixed = true;
      minBound = Math.min(minBound, bounds[i]!);
      maxBound = Math.max(maxBound, bounds[i]!);
      maxDifference = Math.max(maxDifference, previous - current);
    } else {
      previous = current;
    }
  }
  return isFixed ? { minBound, maxBound, maxDifference } : undefined;
}

/** Source: Prometheus, util/almost (`Equal`). */
function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < TOLERANCE * MIN_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE;
}
