// Arithmetic of native histograms: common layouts, sums, differences, scaling, counter resets.

import {
  boundOf,
  CUSTOM_BUCKETS,
  NO_BUCKETS,
  sameNumbers,
  usesCustomBuckets,
  type CounterResetHint,
  type Histogram,
  type SparseBuckets,
} from './histogram.js';

/** Two histograms brought to one layout, and whether their custom bounds had to be cut to those they share. */
interface Aligned {
  readonly a: Histogram;
  readonly b: Histogram;
  readonly reconciled: boolean;
}

/**
 * Brings two histograms to the same schema, zero threshold and custom bounds; undefined when one has custom buckets
 * and the other has not, which nothing can reconcile.
 */
export function tryAlign(a: Histogram, b: Histogram): Aligned | undefined {
  if (usesCustomBuckets(a) !== usesCustomBuckets(b)) return undefined;
  if (usesCustomBuckets(a)) {
    if (sameNumbers(a.customValues, b.customValues)) return { a, b, reconciled: false };
    const shared = new Set(b.customValues);
    const bounds = a.customValues.filter((bound) => shared.has(bound));
    return { a: toBounds(a, bounds), b: toBounds(b, bounds), reconciled: true };
  }
  let [left, right] = [a, b];
  while (left.zeroThreshold !== right.zeroThreshold) {
    if (left.zeroThreshold > right.zeroThreshold) right = widenZero(right, left.zeroThreshold);
    else left = widenZero(left, right.zeroThreshold);
  }
  const schema = Math.min(a.schema, b.schema);
  return { a: toSchema(left, schema), b: toSchema(right, schema), reconciled: false };
}

/** The histogram with fewer custom bounds, all of which it has already. */
function toBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  const { positive, customValues } = histogram;
  let target = 0;
  const indices = positive.indices.map((index) => {
    const upper = boundOf(index, CUSTOM_BUCKETS, customValues);
    while (target < bounds.length && bounds[target]! < upper) target++;
    return target;
  });
  return { ...histogram, customValues: bounds, positive: addUp(indices, positive.counts) };
}

/** The histogram in a schema that is no finer than its own. */
function toSchema(histogram: Histogram, schema: number): Histogram {
  if (histogram.schema === schema) return histogram;
  const shift = histogram.schema - schema;
  const coarser = ({ indices, counts }: SparseBuckets): SparseBuckets =>
    addUp(
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

/** Buckets of ascending indices that may repeat. */
function addUp(indices: readonly number[], counts: readonly number[]): SparseBuckets {
  const sums = new Map<number, number>();
  for (const [i, index] of indices.entries()) sums.set(index, (sums.get(index) ?? 0) + counts[i]!);
  return populated([...sums]);
}

function populated(buckets: readonly (readonly [number, number])[]): SparseBuckets {
  const kept = buckets.filter(([, count]) => count !== 0);
  return { indices: kept.map(([index]) => index), counts: kept.map(([, count]) => count) };
}

/**
 * The histogram with a wider zero bucket, which takes in the buckets that it reaches. It ends where a populated
 * bucket ends when `threshold` is inside of one.
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
    return populated(kept);
  };
  const buckets = { positive: outside(positive), negative: outside(negative) };
  return { ...histogram, ...buckets, zeroThreshold: widened, zeroCount };
}

/** A sum or a difference, and what is to be said of it. */
export interface Combined {
  readonly histogram: Histogram;
  /** The operands had different custom bounds: the result has those that both had. */
  readonly reconciled: boolean;
  /** One operand said "reset", the other "not reset". */
  readonly collision: boolean;
}

/**
 * `a + b`; undefined when only one of them has custom buckets.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`Add`).
 */
export function tryAddHistograms(a: Histogram, b: Histogram): Combined | undefined {
  return combine(a, b, (x, y) => x + y);
}

/** `a − b`, as `tryAddHistograms`. */
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

/** Source: Prometheus, model/histogram/float_histogram.go (`adjustCounterReset`). */
function mergeHints(a: CounterResetHint, b: CounterResetHint): CounterResetHint {
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

/** Every count and the sum mapped; the layout stays. */
function mapCounts(histogram: Histogram, map: (count: number) => number): Histogram {
  const buckets = ({ indices, counts }: SparseBuckets): SparseBuckets =>
    populated(indices.map((index, i) => [index, map(counts[i]!)]));
  return {
    ...histogram,
    zeroCount: map(histogram.zeroCount),
    count: map(histogram.count),
    sum: map(histogram.sum),
    positive: buckets(histogram.positive),
    negative: buckets(histogram.negative),
  };
}

/** Scaled by a factor; a negative one makes a gauge of it. Source: Prometheus, float_histogram.go (`Mul`). */
export function multiplyHistogram(histogram: Histogram, factor: number): Histogram {
  const scaled = mapCounts(histogram, (count) => count * factor);
  return factor < 0 ? { ...scaled, hint: 'gauge' } : scaled;
}

/** Divided by a number; by 0, no buckets are left. Source: Prometheus, float_histogram.go (`Div`). */
export function divideHistogram(histogram: Histogram, divisor: number): Histogram {
  const scaled = mapCounts(histogram, (count) => count / divisor);
  if (divisor === 0) return { ...scaled, positive: NO_BUCKETS, negative: NO_BUCKETS };
  return divisor < 0 ? { ...scaled, hint: 'gauge' } : scaled;
}

/**
 * Whether a counter was reset between two samples: it says so, or it counts less anywhere than before, or its layout
 * has become one that the earlier sample cannot be brought to.
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
  // A threshold inside of a populated bucket cannot have been reached by counting.
  if (a.zeroThreshold !== current.zeroThreshold || a.zeroCount < b.zeroCount) return true;
  return countsLess(a.positive, b.positive) || countsLess(a.negative, b.negative);
}

function countsLess(current: SparseBuckets, previous: SparseBuckets): boolean {
  const now = new Map(current.indices.map((index, i) => [index, current.counts[i]!]));
  return previous.indices.some((index, i) => (now.get(index) ?? 0) < previous.counts[i]!);
}
