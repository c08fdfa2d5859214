// Trimming native histograms: which observations lie below or above a value, and what they add up to.

import { boundOf, usesCustomBuckets, type Bucket, type Histogram, type SparseBuckets } from './histogram.js';

/** Which observations are kept. */
export type TrimSide = 'below' | 'above';

/** A bucket without its name: the bounds between which it counts. */
type Span = Pick<Bucket, 'lower' | 'upper' | 'count'>;

/** What is kept of a bucket: how many observations, and the value that stands for each of them in the sum. */
interface Kept {
  readonly count: number;
  readonly value: number;
}

const NOTHING: Kept = { count: 0, value: 0 };

/** How a bucket is cut: where, which side is kept, and how observations are spread in it. */
interface Cut {
  readonly point: number;
  readonly side: TrimSide;
  readonly linear: boolean;
}

/**
 * The histogram with the observations on one side of a value only. A bucket that the value falls into is interpolated:
 * linearly with custom buckets and in the zero bucket, else exponentially. Count and sum are then those of the kept
 * buckets, the sum an estimate; both stay as they are when nothing was cut. Of a bucket without an end nothing is kept
 * where its observations may lie on the other side, and all of it where that cannot be told apart.
 *
 * A point of NaN keeps no bucket, and makes the zero bucket NaN.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`TrimBuckets`).
 */
export function trimHistogram(histogram: Histogram, point: number, side: TrimSide): Histogram {
  const { schema, customValues, positive, negative, zeroThreshold, zeroCount } = histogram;
  const trimmer = new Trimmer({ point, side, linear: usesCustomBuckets(histogram) });
  const above = trimmer.trim(positive, 1, (index) => boundOf(index, schema, customValues));
  const below = trimmer.trim(negative, -1, (index) => -boundOf(index, schema, customValues));
  let zeroes = zeroCount;
  if (zeroCount > 0) {
    // Observations of one sign only say that those near zero are of that sign too.
    const lower = positive.counts.length > 0 && negative.counts.length === 0 ? 0 : -zeroThreshold;
    const upper = negative.counts.length > 0 && positive.counts.length === 0 ? 0 : zeroThreshold;
    zeroes = trimmer.add(zeroCount, partOfZero({ lower, upper, count: zeroCount }, point, side));
  }
  if (!trimmer.changed) return histogram;
  return {
    ...histogram,
    zeroCount: zeroes,
    count: trimmer.count,
    sum: trimmer.sum,
    positive: above,
    negative: below,
  };
}

/** Adds up what is kept, bucket by bucket. */
class Trimmer {
  count = 0;
  sum = 0;
  /** Whether any bucket has lost anything. */
  changed = false;
  readonly #cut: Cut;

  constructor(cut: Cut) {
    this.#cut = cut;
  }

  /** The buckets of one sign as they are left. `bound` gives the end of a bucket that is further from zero. */
  trim({ indices, counts }: SparseBuckets, sign: 1 | -1, bound: (index: number) => number): SparseBuckets {
    const left: { indices: number[]; counts: number[] } = { indices: [], counts: [] };
    for (const [i, index] of indices.entries()) {
      const [near, far] = [bound(index - 1), bound(index)];
      const span = { lower: Math.min(near, far), upper: Math.max(near, far), count: counts[i]! };
      const count = this.add(span.count, partOf(span, sign, this.#cut));
      if (count === 0) continue;
      left.indices.push(index);
      left.counts.push(count);
    }
    return left;
  }

  /** @returns how much of the bucket is left. */
  add(before: number, { count, value }: Kept): number {
    if (count !== before) this.changed = true;
    this.count += count;
    this.sum += value * count;
    return count;
  }
}

function partOf(span: Span, sign: 1 | -1, cut: Cut): Kept {
  const { lower, upper, count } = span;
  const { point, side, linear } = cut;
  const whole = side === 'below' ? upper <= point : lower >= point;
  if (whole) return { count, value: middleOf(lower, upper, sign, linear) };
  if (!(lower < point && point < upper)) return NOTHING;
  if (lower === -Infinity || upper === Infinity) return partOfEndless(span, point, side);
  const under = count * shareBelow(span, sign, cut);
  return side === 'below'
    ? { count: under, value: middleOf(lower, point, sign, linear) }
    : { count: count - under, value: middleOf(point, upper, sign, linear) };
}

/** Of a bucket with one end at infinity, with the point inside. Source: ibid. (`handleInfinityBuckets`). */
function partOfEndless({ lower, upper, count }: Span, point: number, side: TrimSide): Kept {
  if (lower !== -Infinity) return side === 'below' ? NOTHING : { count, value: point };
  // A first custom bucket that reaches beyond zero is taken to begin there.
  if (upper !== Infinity && upper > 0 && point >= 0) {
    return side === 'below'
      ? { count: (count * point) / upper, value: point / 2 }
      : { count: count * (1 - point / upper), value: (point + upper) / 2 };
  }
  return side === 'below' && upper <= 0 ? { count, value: point } : NOTHING;
}

/** Which share of a bucket lies below a point inside of it. Source: ibid. (`computeSplit`). */
function shareBelow({ lower, upper }: Span, sign: 1 | -1, { point, linear }: Cut): number {
  if (linear) return (point - lower) / (upper - lower);
  const [low, high, at] = [lower, upper, point].map((bound) => Math.log2(Math.abs(bound))) as [
    number,
    number,
    number,
  ];
  return sign > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
}

/** The value that stands for the observations between two bounds. Source: ibid. (`computeMidpoint`). */
function middleOf(lower: number, upper: number, sign: 1 | -1, linear: boolean): number {
  if (lower === -Infinity) {
    if (upper === Infinity) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (upper === Infinity) return lower;
  return linear ? (lower + upper) / 2 : sign * Math.sqrt(Math.abs(lower * upper));
}

/** Of a zero bucket without width, the lower bound decides. Source: ibid. (`computeZeroBucketTrim`). */
function partOfZero({ lower, upper, count }: Span, point: number, side: TrimSide): Kept {
  const whole: Kept = { count, value: (lower + upper) / 2 };
  if (point <= lower) return side === 'below' ? NOTHING : whole;
  if (point >= upper) return side === 'below' ? whole : NOTHING;
  const [from, to] = side === 'below' ? [lower, point] : [point, upper];
  return { count: count * ((to - from) / (upper - lower)), value: (from + to) / 2 };
}
