// Checks and converts native histograms from Prometheus' spans and counts.

import { invalidAnswer } from '../../json/index.js';
import {
  createHistogram,
  CUSTOM_BUCKETS,
  type CounterResetHint,
  type Histogram,
  type SparseBuckets,
} from '../../model/index.js';

/**
 * Buckets with consecutive indices. The offset counts from index 0 for the first span, else from the end of the
 * previous one.
 */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * Upper bound on the buckets of one sign. At the finest schema they are 256 powers of two. Operations on a histogram take
 * one turn of the event loop.
 */
const MAX_BUCKETS = 1 << 16;

/** Upper bound on the spans of one sign. A span without buckets takes two bits in a chunk and an object in memory. */
const MAX_SPANS = 1 << 16;

/** Larger indices do not contain a float in any schema. */
const MAX_INDEX = 1 << 24;

const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

/** A histogram without its counts. */
export interface HistogramLayout {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly customValues: readonly number[];
  /** The index of each bucket, ascending. */
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/**
 * Creates a layout that the arithmetic of histograms can rely on.
 *
 * @throws PromfedError `upstream` when the schema is unknown, the spans overlap or are too many, custom bounds are not
 *   ascending, or the zero threshold is negative or not finite.
 */
export function createLayout(
  schema: number,
  zeroThreshold: number,
  customValues: readonly number[],
  spans: { readonly positive: readonly Span[]; readonly negative: readonly Span[] },
): HistogramLayout {
  if (schema !== CUSTOM_BUCKETS && !(schema >= MIN_SCHEMA && schema <= MAX_SCHEMA)) {
    throw invalidAnswer(`a native histogram has the unknown schema ${schema}`);
  }
  if (!(zeroThreshold >= 0 && zeroThreshold < Infinity)) {
    throw invalidAnswer('a native histogram has an invalid zero threshold');
  }
  const positive = indicesOf(spans.positive);
  const negative = indicesOf(spans.negative);
  if (schema === CUSTOM_BUCKETS) {
    const isAscending = customValues.every(
      (bound, i) => bound < Infinity && (i === 0 ? bound > -Infinity : bound > customValues[i - 1]!),
    );
    const isWithin = (positive[0] ?? 0) >= 0 && (positive.at(-1) ?? 0) <= customValues.length;
    if (!isAscending || !isWithin || negative.length > 0) {
      throw invalidAnswer('a native histogram has invalid custom buckets');
    }
  }
  return {
    schema,
    zeroThreshold,
    customValues: schema === CUSTOM_BUCKETS ? customValues : [],
    positive,
    negative,
  };
}

/** @throws PromfedError `upstream` when there are too many spans to be created. */
export function checkSpans(count: number): void {
  if (count > MAX_SPANS) throw invalidAnswer(`a native histogram has more than ${MAX_SPANS} spans`);
}

/** @throws PromfedError `upstream` when there are too many counts or bounds of buckets. */
export function checkBuckets(count: number): void {
  if (count > MAX_BUCKETS) throw invalidAnswer('a native histogram has too many buckets');
}

/** Returns the number of buckets. @throws PromfedError `upstream` when there are too many to be allocated. */
export function countBuckets(spans: readonly Span[]): number {
  let count = 0;
  for (const { length } of spans) count += length;
  checkBuckets(count);
  return count;
}

function indicesOf(spans: readonly Span[]): number[] {
  countBuckets(spans);
  const indices: number[] = [];
  let next = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    if (i > 0 && offset < 0) throw invalidAnswer('a native histogram has overlapping spans');
    next += offset;
    if (Math.abs(next) + length > MAX_INDEX) {
      throw invalidAnswer('a native histogram has a bucket index out of range');
    }
    for (let n = 0; n < length; n++) indices.push(next++);
  }
  return indices;
}

/** The counts of a histogram, in the order of the buckets of its layout. */
export interface HistogramCounts {
  readonly count: number;
  readonly zeroCount: number;
  readonly sum: number;
  readonly positive: ArrayLike<number>;
  readonly negative: ArrayLike<number>;
}

/** Returns the histogram without its empty buckets. */
export function histogramOf(
  layout: HistogramLayout,
  counts: HistogramCounts,
  hint: CounterResetHint,
): Histogram {
  const { schema, zeroThreshold, customValues } = layout;
  return createHistogram({
    schema,
    zeroThreshold,
    customValues,
    count: counts.count,
    zeroCount: counts.zeroCount,
    sum: counts.sum,
    positive: populated(layout.positive, counts.positive),
    negative: populated(layout.negative, counts.negative),
    hint,
  });
}

function populated(all: readonly number[], counts: ArrayLike<number>): SparseBuckets {
  const indices: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < all.length; i++) {
    if (counts[i] === 0) continue;
    indices.push(all[i]!);
    kept.push(counts[i]!);
  }
  return { indices, counts: kept };
}
