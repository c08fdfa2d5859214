// Arithmetic of native histograms: alignment, addition, subtraction, scaling, counter resets.

import {
  boundOf,
  CUSTOM_BUCKETS,
  NO_BUCKETS,
  populatedBuckets,
  sameNumbers,
  usesCustomBuckets,
  type CounterResetHint,
  type Histogram,
  type SparseBuckets,
} from './histogram.js';

/** Two histograms with the same layout: schema, zero threshold and custom bounds. */
interface Aligned {
  readonly a: Histogram;
  readonly b: Histogram;
  /** True when their custom bounds differed and were reduced to the common ones. */
  readonly reconciled: boolean;
}

/**
 * Converts two histograms to the same schema, zero threshold and custom bounds. Returns undefined when only one of them
 * has custom buckets.
 */
export function tryAlign(a: Histogram, b: Histogram): Aligned | undefined {
  if (usesCustomBuckets(a) !== usesCustomBuckets(b)) return undefined;
  if (usesCustomBuckets(a)) {
    if (sameNumbers(a.customValues, b.customValues)) return { a, b, reconciled: false };
    const shared = new Set(b.customValues);
    const bounds = a.customValues.filter((bound) => shared.has(bound));
    return { a: toCustomBounds(a, bounds), b: toCustomBounds(b, bounds), reconciled: true };
  }
  let [left, right] = [a, b];
  while (left.zeroThreshold !== right.zeroThreshold) {
    if (left.zeroThreshold > right.zeroThreshold) right = widenZero(right, left.zeroThreshold);
    else left = widenZero(left, right.zeroThreshold);
  }
  const schema = Math.min(a.schema, b.schema);
  return { a: toSchema(left, schema), b: toSchema(right, schema), reconciled: false };
}

/** Converts a histogram to a subset of its custom bounds. */
function toCustomBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  const { positive, customValues } = histogram;
  let target = 0;
  const indices = positive.indices.map((index) => {
    const upper = boundOf(index, CUSTOM_BUCKETS, customValues);
    while (target < bounds.length && bounds[target]! < upper) target++;
    return target;
  });
  return { ...histogram, customValues: bounds, positive: mergeBuckets(indices, positive.counts) };
}

/** Converts a histogram to the same or a coarser schema. */
function toSchema(histogram: Histogram, schema: number): Histogram {
  if (histogram.schema === schema) return histogram;
  const shift = histogram.schema - schema;
  const coarser = ({ indices, counts }: SparseBuckets): SparseBuckets =>
    mergeBuckets(
      indices.map((index) => ((index - 1) >> shift) + 1),
      counts,
    );
  return {
    ...histogram,
    schema,
    positive: coarser(histogram.positive),
    negative: coarser(histogram.negative),
  };
}

/** Creates buckets from ascending indices; the counts of equal indices are added. */
function mergeBuckets(indices: readonly number[], counts: readonly number[]): SparseBuckets {
  const sums = new Map<number, number>();
  for (const [i, index] of indices.entries()) sums.set(index, (sums.get(index) ?? 0) + counts[i]!);
  return populatedBuckets([...sums]);
}

/**
 * Widens the zero bucket and merges the buckets that it covers into it. When `threshold` lies inside a populated
 * bucket, the zero bucket extends to that bucket's outer bound.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`zeroCountForLargerThreshold`).
 */
function widenZero(histogram: Histogram, threshold: number): Histogram {
  const { schema, customValues, positive, negative } = histogram;
  let widened = threshold;
  for (const { indices } of [positive, negative, positive]) {
    for (const index of indices) {
      if (boundOf(index - 1, schema, customValues) >= widened) break;
      widened = Math.max(widened, boundOf(index, schema, customValues));
    }
  }
  let zeroCount = histogram.zeroCount;
  const outside = ({ indices, counts }: SparseBuckets): SparseBuckets => {
    const kept: [number, number][] = [];
    for (const [i, index] of indices.entries()) {
      if (boundOf(index - 1, schema, customValues) >= widened) kept.push([index, counts[i]!]);
      else zeroCount += counts[i]!;
    }
    return populatedBuckets(kept);
  };
  const buckets = { positive: outside(positive), negative: outside(negative) };
  return { ...histogram, ...buckets, zeroThreshold: widened, zeroCount };
}

/** A sum or difference of two histograms, with the conditions that need an annotation. */
export interface Combined {
  readonly histogram: Histogram;
  /** True when the operands had different custom bounds: the result has the common ones. */
  readonly reconciled: boolean;
  /** True when the hints conflict: one is `reset`, the other `not_reset`. */
  readonly collision: boolean;
}

/**
 * Computes `a + b`. Returns undefined when only one of them has custom buckets.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`Add`).
 */
export function tryAddHistograms(a: Histogram, b: Histogram): Combined | undefined {
  return combine(a, b, (x, y) => x + y);
}

/** Computes `a − b`. Returns undefined as `tryAddHistograms` does. */
export function trySubtractHistograms(a: Histogram, b: Histogram): Combined | undefined {
  return combine(a, b, (x, y) => x - y);
}

function combine(a: Histogram, b: Histogram, op: (x: number, y: number) => number): Combined | undefined {
  const aligned = tryAlign(a, b);
  if (aligned === undefined) return undefined;
  const { a: x, b: y, reconciled } = aligned;
  const histogram: Histogram = {
    ...x,
    zeroCount: op(x.zeroCount, y.zeroCount),
    count: op(x.count, y.count),
    sum: op(x.sum, y.sum),
    positive: combineBuckets(x.positive, y.positive, op),
    negative: combineBuckets(x.negative, y.negative, op),
    hint: mergeHints(a.hint, b.hint),
  };
  const hints = new Set([a.hint, b.hint]);
  return { histogram, reconciled, collision: hints.has('reset') && hints.has('not_reset') };
}

/**
 * Returns the hint of a sum or difference.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`adjustCounterReset`).
 */
export function mergeHints(a: CounterResetHint, b: CounterResetHint): CounterResetHint {
  if (a === b) return a;
  return a === 'gauge' || b === 'gauge' ? 'gauge' : 'unknown';
}

function combineBuckets(
  a: SparseBuckets,
  b: SparseBuckets,
  op: (x: number, y: number) => number,
): SparseBuckets {
  const indices: number[] = [];
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.indices.length || j < b.indices.length) {
    const left = a.indices[i] ?? Infinity;
    const right = b.indices[j] ?? Infinity;
    const count = op(left <= right ? a.counts[i++]! : 0, right <= left ? b.counts[j++]! : 0);
    if (count === 0) continue;
    indices.push(Math.min(left, right));
    counts.push(count);
  }
  return { indices, counts };
}

/** Maps the sum and every count. The layout stays. */
function mapCounts(histogram: Histogram, map: (count: number) => number): Histogram {
  const buckets = ({ indices, counts }: SparseBuckets): SparseBuckets =>
    populatedBuckets(indices.map((index, i) => [index, map(counts[i]!)]));
  return {
    ...histogram,
    zeroCount: map(histogram.zeroCount),
    count: map(histogram.count),
    sum: map(histogram.sum),
    positive: buckets(histogram.positive),
    negative: buckets(histogram.negative),
  };
}

/**
 * Multiplies a histogram by a factor. The result of a negative factor is a gauge.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`Mul`).
 */
export function multiplyHistogram(histogram: Histogram, factor: number): Histogram {
  const scaled = mapCounts(histogram, (count) => count * factor);
  return factor < 0 ? { ...scaled, hint: 'gauge' } : scaled;
}

/**
 * Divides a histogram by a number. The result of a negative divisor is a gauge; division by 0 removes all buckets.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`Div`).
 */
export function divideHistogram(histogram: Histogram, divisor: number): Histogram {
  const scaled = mapCounts(histogram, (count) => count / divisor);
  if (divisor === 0) return { ...scaled, positive: NO_BUCKETS, negative: NO_BUCKETS };
  return divisor < 0 ? { ...scaled, hint: 'gauge' } : scaled;
}

/**
 * Reports whether a counter was reset between two samples: by its hint, by a lower count anywhere, or by a layout that
 * the previous sample cannot be converted to.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`DetectReset`).
 */
export function detectReset(current: Histogram, previous: Histogram): boolean {
  if (current.hint === 'reset') return true;
  if (current.hint === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (usesCustomBuckets(current) !== usesCustomBuckets(previous)) return true;
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const { a, b } = tryAlign(current, previous)!;
  // A zero threshold inside a populated bucket cannot result from counting.
  if (a.zeroThreshold !== current.zeroThreshold || a.zeroCount < b.zeroCount) return true;
  return hasLowerCount(a.positive, b.positive) || hasLowerCount(a.negative, b.negative);
}

/** Reports whether any bucket of `previous` has a lower count in `current`. */
function hasLowerCount(current: SparseBuckets, previous: SparseBuckets): boolean {
  const counts = new Map(current.indices.map((index, i) => [index, current.counts[i]!]));
  return previous.indices.some((index, i) => (counts.get(index) ?? 0) < previous.counts[i]!);
}
