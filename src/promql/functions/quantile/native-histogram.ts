// Functions of one histogram: quantile and variance of native ones, fraction of native and classic ones.

import { bucketsOf, usesCustomBuckets, type Bucket, type Histogram } from '../../../model/index.js';

import { CompensatedSum } from '../summation.js';

/** A quantile of a native histogram. */
export interface NativeQuantile {
  readonly value: number;
  /**
   * Effect of NaN observations, which are in no bucket: `result` when the quantile falls into them, `skew` when they
   * only shift it, `none` otherwise.
   */
  readonly nanObservations: 'none' | 'result' | 'skew';
}

/**
 * Computes the q-quantile. Interpolation is exponential within a bucket, and linear in the zero bucket and in custom
 * buckets. The first custom bucket starts at 0, or returns its bound when that is 0 or less. The last custom bucket
 * returns its lower bound.
 *
 * Source: Prometheus, promql/quantile.go (`HistogramQuantile`).
 */
export function nativeQuantile(q: number, histogram: Histogram): NativeQuantile {
  const unaffected = (value: number): NativeQuantile => ({ value, nanObservations: 'none' });
  if (q < 0) return unaffected(-Infinity);
  if (q > 1) return unaffected(Infinity);
  if (histogram.count === 0 || Number.isNaN(q)) return unaffected(NaN);
  const hasNaN = Number.isNaN(histogram.sum);
  // Counts from the nearer end. NaN observations rank above all buckets, so with them only the lower end is known.
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
      if (upper <= 0) return unaffected(upper);
      lower = 0;
    } else if (upper === Infinity) {
      return unaffected(lower);
    }
  } else {
    ({ lower, upper } = narrowZeroBucket(bucket, histogram));
  }
  count = Math.min(count, histogram.count);
  if (count < rank) return hasNaN ? { value: NaN, nanObservations: 'result' } : unaffected(upper);
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

/** Returns the bounds of a bucket. The zero bucket ends at 0 when all other buckets are on one side of it. */
function narrowZeroBucket(
  bucket: Bucket,
  { positive, negative }: Histogram,
): { lower: number; upper: number } {
  const { lower, upper } = bucket;
  if (lower > 0 || upper < 0) return bucket;
  if (negative.counts.length === 0 && positive.counts.length > 0) return { lower: 0, upper };
  if (positive.counts.length === 0 && negative.counts.length > 0) return { lower, upper: 0 };
  return bucket;
}

/**
 * Computes the fraction of observations between two values, from 0 to 1. NaN observations are in no fraction.
 *
 * Source: Prometheus, promql/quantile.go (`HistogramFraction`).
 */
export function nativeFraction(from: number, to: number, histogram: Histogram): number {
  const custom = usesCustomBuckets(histogram);
  const buckets = bucketsOf(histogram).map((bucket) => ({
    ...bucket,
    ...narrowZeroBucket(bucket, histogram),
    linear: custom || (bucket.lower <= 0 && bucket.upper >= 0),
  }));
  return fractionOf(from, to, buckets, histogram.count, Number.isNaN(histogram.sum));
}

/**
 * Computes the fraction of observations between two values, from 0 to 1, of classic buckets: `counts[i]` observations
 * up to `bounds[i]`, inclusive, for `i < length`. Bounds ascend and may repeat. NaN without a +Inf bucket.
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
  // Counts of equal bounds are added.
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
  return fractionOf(from, to, buckets, below, false);
}

/** A bucket to be interpolated. */
interface FractionBucket {
  readonly lower: number;
  readonly upper: number;
  /** Observations in this bucket, not cumulative. */
  readonly count: number;
  /** True for linear interpolation, false for exponential. */
  readonly linear: boolean;
}

/** @param count all observations, NaN included. @param hasNaN true when some of them are NaN. */
function fractionOf(
  from: number,
  to: number,
  buckets: readonly FractionBucket[],
  count: number,
  hasNaN: boolean,
): number {
  if (count === 0 || Number.isNaN(from) || Number.isNaN(to)) return NaN;
  if (from >= to) return 0;
  const total = hasNaN ? buckets.reduce((sum, bucket) => sum + bucket.count, 0) : count;
  return (rankOf(to, buckets, total) - rankOf(from, buckets, total)) / count;
}

/** Returns the number of observations below a value, at most `total`. */
function rankOf(value: number, buckets: readonly FractionBucket[], total: number): number {
  let rank = 0;
  for (const { lower, upper, count, linear } of buckets) {
    if (lower >= value) return Math.min(rank, total);
    if (upper > value) {
      // A bucket that starts at −Inf cannot be interpolated.
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
 * Computes the variance. Every observation counts as the middle of its bucket: the geometric mean of the bounds, 0 for
 * the zero bucket, the arithmetic mean of custom bounds.
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

/**
 * Prints a histogram as Prometheus does in the label of count_values.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`String`).
 *
 * @param format prints a float.
 */
export function formatHistogram(histogram: Histogram, format: (value: number) => string): string {
  const printed = bucketsOf(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const open = lowerInclusive ? '[' : '(';
    return `, ${open}${format(lower)},${format(upper)}${upperInclusive ? ']' : ')'}:${format(count)}`;
  });
  return `{count:${format(histogram.count)}, sum:${format(histogram.sum)}${printed.join('')}}`;
}
