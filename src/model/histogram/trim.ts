// Trimming of native histograms: removes the observations above or below a value (`</` and `>/`).

import { boundOf, usesCustomBuckets, type Bucket, type Histogram, type SparseBuckets } from './histogram.js';

/** The side of the point whose observations are kept. */
export type TrimSide = 'below' | 'above';

/** The bounds and the count of a bucket. */
type Span = Pick<Bucket, 'lower' | 'upper' | 'count'>;

/** The kept part of a bucket. */
interface Kept {
  readonly count: number;
  /** Estimated value of each kept observation, for the sum. */
  readonly value: number;
}

const NOTHING: Kept = { count: 0, value: 0 };

interface Cut {
  readonly point: number;
  readonly side: TrimSide;
  /** True to interpolate linearly within a bucket, false exponentially. */
  readonly linear: boolean;
}

/**
 * Keeps the observations on one side of a point.
 *
 * - The bucket that contains the point is interpolated: linearly for custom buckets and the zero bucket, else
 *   exponentially.
 * - A bucket that contains the point and extends to infinity is either kept or dropped, apart from a first custom bucket.
 * - Count and sum are computed from the kept buckets; the sum is an estimate. Both stay unchanged when no bucket has lost
 *   observations.
 * - A point of NaN removes all buckets and makes the zero count NaN.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`TrimBuckets`).
 */
export function trimHistogram(histogram: Histogram, point: number, side: TrimSide): Histogram {
  const { schema, customValues, positive, negative, zeroThreshold, zeroCount } = histogram;
  const trimmer = new Trimmer({ point, side, linear: usesCustomBuckets(histogram) });
  const above = trimmer.trim(positive, 1, (index) => boundOf(index, schema, customValues));
  const below = trimmer.trim(negative, -1, (index) => -boundOf(index, schema, customValues));
  let keptZeroCount = zeroCount;
  if (zeroCount > 0) {
    // When all other observations have one sign, those in the zero bucket are taken to have it too.
    const lower = positive.counts.length > 0 && negative.counts.length === 0 ? 0 : -zeroThreshold;
    const upper = negative.counts.length > 0 && positive.counts.length === 0 ? 0 : zeroThreshold;
    keptZeroCount = trimmer.add(zeroCount, keptOfZero({ lower, upper, count: zeroCount }, point, side));
  }
  if (!trimmer.changed) return histogram;
  return {
    ...histogram,
    zeroCount: keptZeroCount,
    count: trimmer.count,
    sum: trimmer.sum,
    positive: above,
    negative: below,
  };
}

/** Trims bucket by bucket and adds up the kept observations. */
class Trimmer {
  count = 0;
  sum = 0;
  /** True when any bucket has lost observations. */
  changed = false;
  readonly #cut: Cut;

  constructor(cut: Cut) {
    this.#cut = cut;
  }

  /** Trims the buckets of one sign. `bound` returns the bound of a bucket that is further from zero. */
  trim({ indices, counts }: SparseBuckets, sign: 1 | -1, bound: (index: number) => number): SparseBuckets {
    const kept: { indices: number[]; counts: number[] } = { indices: [], counts: [] };
    for (const [i, index] of indices.entries()) {
      const [near, far] = [bound(index - 1), bound(index)];
      const span = { lower: Math.min(near, far), upper: Math.max(near, far), count: counts[i]! };
      const count = this.add(span.count, keptOf(span, sign, this.#cut));
      if (count === 0) continue;
      kept.indices.push(index);
      kept.counts.push(count);
    }
    return kept;
  }

  /** Adds the kept part of a bucket. Returns its count. */
  add(before: number, { count, value }: Kept): number {
    if (count !== before) this.changed = true;
    this.count += count;
    this.sum += value * count;
    return count;
  }
}

/** Trims one bucket other than the zero bucket. */
function keptOf(span: Span, sign: 1 | -1, cut: Cut): Kept {
  const { lower, upper, count } = span;
  const { point, side, linear } = cut;
  const keepsAll = side === 'below' ? upper <= point : lower >= point;
  if (keepsAll) return { count, value: middleOf(lower, upper, sign, linear) };
  if (!(lower < point && point < upper)) return NOTHING;
  if (lower === -Infinity || upper === Infinity) return keptOfEndless(span, point, side);
  const countBelow = count * shareBelow(span, sign, cut);
  return side === 'below'
    ? { count: countBelow, value: middleOf(lower, point, sign, linear) }
    : { count: count - countBelow, value: middleOf(point, upper, sign, linear) };
}

/**
 * Trims a bucket that extends to infinity and contains the point.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`handleInfinityBuckets`).
 */
function keptOfEndless({ lower, upper, count }: Span, point: number, side: TrimSide): Kept {
  if (lower !== -Infinity) return side === 'below' ? NOTHING : { count, value: point };
  // A first custom bucket with a positive bound is taken to start at 0.
  if (upper !== Infinity && upper > 0 && point >= 0) {
    return side === 'below'
      ? { count: (count * point) / upper, value: point / 2 }
      : { count: count * (1 - point / upper), value: (point + upper) / 2 };
  }
  return side === 'below' && upper <= 0 ? { count, value: point } : NOTHING;
}

/**
 * Returns the share of a bucket below a point inside it, from 0 to 1.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`computeSplit`).
 */
function shareBelow({ lower, upper }: Span, sign: 1 | -1, { point, linear }: Cut): number {
  if (linear) return (point - lower) / (upper - lower);
  const [low, high, at] = [lower, upper, point].map((bound) => Math.log2(Math.abs(bound))) as [
    number,
    number,
    number,
  ];
  return sign > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
}

/**
 * Returns the estimated value of the observations between two bounds.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`computeMidpoint`).
 */
function middleOf(lower: number, upper: number, sign: 1 | -1, linear: boolean): number {
  if (lower === -Infinity) {
    if (upper === Infinity) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (upper === Infinity) return lower;
  return linear ? (lower + upper) / 2 : sign * Math.sqrt(Math.abs(lower * upper));
}

/**
 * Trims the zero bucket. A zero bucket without width is above a point that equals it.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`computeZeroBucketTrim`).
 */
function keptOfZero({ lower, upper, count }: Span, point: number, side: TrimSide): Kept {
  const all: Kept = { count, value: (lower + upper) / 2 };
  if (point <= lower) return side === 'below' ? NOTHING : all;
  if (point >= upper) return side === 'below' ? all : NOTHING;
  const [from, to] = side === 'below' ? [lower, point] : [point, upper];
  return { count: count * ((to - from) / (upper - lower)), value: (from + to) / 2 };
}
