// Functions of one native histogram: quantile, fraction, variance.

import { bucketsOf, usesCustomBuckets, type Bucket, type Histogram } from '../../../model/index.js';

import { CompensatedSum } from '../summation.js';

/** A result, and how NaN observations, which are in no bucket, touched it. */
export interface NativeResult {
  readonly value: number;
  readonly nanObservations: 'none' | 'result' | 'skew';
}

/**
 * The q-quantile: interpolated exponentially within a bucket, linearly in the zero bucket and in custom buckets. The
 * first custom bucket begins at 0 unless its bound is below; the last gives the bound under it.
 *
 * Source: Prometheus, promql/quantile.go (`HistogramQuantile`).
 */
export function nativeQuantile(q: number, histogram: Histogram): NativeResult {
  const sure = (value: number): NativeResult => ({ value, nanObservations: 'none' });
  if (q < 0) return sure(-Infinity);
  if (q > 1) return sure(Infinity);
  if (histogram.count === 0 || Number.isNaN(q)) return sure(NaN);
  const hasNaN = Number.isNaN(histogram.sum);
  // Backwards from the nearer end; NaN observations would shift that end.
  const forward = hasNaN || q < 0.5;
  let rank = (forward ? q : 1 - q) * histogram.count;
  const buckets = bucketsOf(histogram);
  if (!forward) buckets.reverse();
  let bucket: Bucket = { lower: 0, upper: 0, lowerInclusive: false, upperInclusive: false, count: 0 };
  let count = 0;
  for (bucket of buckets) {
    count += bucket.count;
    if (count >= rank) break;
  }
  const custom = usesCustomBuckets(histogram);
  let { lower, upper } = bucket;
  if (custom) {
    if (lower === -Infinity) {
      if (upper <= 0) return sure(upper);
      lower = 0;
    } else if (upper === Infinity) {
      return sure(lower);
    }
  } else {
    ({ lower, upper } = narrowed(bucket, histogram));
  }
  count = Math.min(count, histogram.count);
  if (count < rank) return hasNaN ? { value: NaN, nanObservations: 'result' } : sure(upper);
  rank = forward ? rank - (count - bucket.count) : count - rank;
  const fraction = rank / bucket.count;
  const nanObservations = hasNaN ? 'skew' : 'none';
  if (custom || (lower <= 0 && upper >= 0))
    return { value: lower + (upper - lower) * fraction, nanObservations };
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const value =
    lower > 0
      ? 2 ** (logLower + (logUpper - logLower) * fraction)
      : -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
  return { value, nanObservations };
}

/** The zero bucket ends at 0 when all other buckets are on one side of it. */
function narrowed(bucket: Bucket, { positive, negative }: Histogram): { lower: number; upper: number } {
  const { lower, upper } = bucket;
  if (lower > 0 || upper < 0) return bucket;
  if (negative.counts.length === 0 && positive.counts.length > 0) return { lower: 0, upper };
  if (positive.counts.length === 0 && negative.counts.length > 0) return { lower, upper: 0 };
  return bucket;
}

/**
 * The share of observations between two values. NaN observations are in no fraction.
 *
 * Source: Prometheus, promql/quantile.go (`HistogramFraction`).
 */
export function nativeFraction(from: number, to: number, histogram: Histogram): number {
  const custom = usesCustomBuckets(histogram);
  const buckets = bucketsOf(histogram).map((bucket) => ({
    ...bucket,
    ...narrowed(bucket, histogram),
    linear: custom || (bucket.lower <= 0 && bucket.upper >= 0),
  }));
  return shareOf(from, to, buckets, histogram.count, Number.isNaN(histogram.sum));
}

/**
 * The share of observations between two values, of classic buckets: `counts[i]` observations up to `bounds[i]`, for
 * `i < length`, ascending. NaN without a bucket for +Inf.
 *
 * Source: Prometheus, promql/quantile.go (`BucketFraction`).
 */
export function bucketFraction(
  from: number,
  to: number,
  bounds: Float64Array,
  counts: Float64Array,
  length: number,
): number {
  if (length === 0 || bounds[length - 1] !== Infinity) return NaN;
  const buckets = [];
  // Equal bounds are one bucket, their counts added up.
  let below = 0;
  let lower = bounds[0]! > 0 ? 0 : -Infinity;
  for (let i = 0; i < length;) {
    const upper = bounds[i]!;
    let cumulative = 0;
    for (; i < length && bounds[i] === upper; i++) cumulative += counts[i]!;
    buckets.push({ lower, upper, count: cumulative - below, linear: true });
    below = cumulative;
    lower = upper;
  }
  return shareOf(from, to, buckets, below, false);
}

interface Share {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly linear: boolean;
}

function shareOf(
  from: number,
  to: number,
  buckets: readonly Share[],
  count: number,
  hasNaN: boolean,
): number {
  if (count === 0 || Number.isNaN(from) || Number.isNaN(to)) return NaN;
  if (from >= to) return 0;
  const total = hasNaN ? buckets.reduce((sum, bucket) => sum + bucket.count, 0) : count;
  return (rankOf(to, buckets, total) - rankOf(from, buckets, total)) / count;
}

/** How many observations are below a value. */
function rankOf(value: number, buckets: readonly Share[], total: number): number {
  let rank = 0;
  for (const { lower, upper, count, linear } of buckets) {
    if (lower >= value) return Math.min(rank, total);
    if (upper > value) {
      // Nothing can be said of where in an endless bucket its observations are.
      if (lower === -Infinity) return Math.min(count, total);
      const share = linear ? (value - lower) / (upper - lower) : exponentialShare(value, lower, upper);
      return Math.min(rank + count * share, total);
    }
    rank += count;
  }
  return total;
}

function exponentialShare(value: number, lower: number, upper: number): number {
  const [logLower, logUpper, log] = [lower, upper, value].map((bound) => Math.log2(Math.abs(bound)));
  if (value > 0) return (log! - logLower!) / (logUpper! - logLower!);
  return 1 - (log! - logUpper!) / (logLower! - logUpper!);
}

/**
 * The variance, each observation taken to be in the middle of its bucket: the geometric mean of the bounds, 0 in the
 * zero bucket, the arithmetic mean of custom bounds.
 *
 * Source: Prometheus, promql/functions.go (`histogramVariance`).
 */
export function nativeVariance(histogram: Histogram): number {
  const mean = histogram.sum / histogram.count;
  const custom = usesCustomBuckets(histogram);
  const squares = new CompensatedSum();
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    const delta = middleOf(lower, upper, custom) - mean;
    squares.add(count * delta * delta);
  }
  return squares.total / histogram.count;
}

function middleOf(lower: number, upper: number, custom: boolean): number {
  if (custom) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  return Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1);
}

/** As Go prints it, which is how count_values names it. Source: Prometheus, float_histogram.go (`String`). */
export function formatHistogram(histogram: Histogram, format: (value: number) => string): string {
  const printed = bucketsOf(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const open = lowerInclusive ? '[' : '(';
    return `, ${open}${format(lower)},${format(upper)}${upperInclusive ? ']' : ')'}:${format(count)}`;
  });
  return `{count:${format(histogram.count)}, sum:${format(histogram.sum)}${printed.join('')}}`;
}
