// Native histograms as Prometheus stores them, spans and counts, made into ours; what cannot be one is refused.

import {
  createHistogram,
  CUSTOM_BUCKETS,
  type CounterResetHint,
  type Histogram,
  type SparseBuckets,
} from '../../model/index.js';
import { invalidAnswer } from './prompb.js';

/** Buckets of adjoining indices: the first span begins at its offset, the others so far behind the one before. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** More buckets than the finest schema has for all floats of one sign. */
const MAX_BUCKETS = 1 << 20;

/** Indices further from 0 belong to no float, in no schema. */
const MAX_INDEX = 1 << 24;

const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

/** All of a histogram but its counts. */
export interface HistogramLayout {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly customValues: readonly number[];
  /** The index of each bucket, ascending. */
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/**
 * A layout that is sound: the arithmetic of histograms relies on it.
 *
 * @throws PromfedError `upstream` when the schema is not known, the spans go back or are too many, a custom bound is
 *   not above the one before it, or the zero threshold is none.
 */
export function createLayout(
  schema: number,
  zeroThreshold: number,
  customValues: readonly number[],
  spans: { readonly positive: readonly Span[]; readonly negative: readonly Span[] },
): HistogramLayout {
  if (schema !== CUSTOM_BUCKETS && !(schema >= MIN_SCHEMA && schema <= MAX_SCHEMA)) {
    throw invalidAnswer(`a native histogram of the schema ${schema}, which is not known`);
  }
  if (!(zeroThreshold >= 0 && zeroThreshold < Infinity)) {
    throw invalidAnswer('a native histogram whose zero bucket has no width');
  }
  const positive = indicesOf(spans.positive);
  const negative = indicesOf(spans.negative);
  if (schema === CUSTOM_BUCKETS) {
    const isAscending = customValues.every(
      (bound, i) => bound < Infinity && (i === 0 ? bound > -Infinity : bound > customValues[i - 1]!),
    );
    const isWithin = (positive[0] ?? 0) >= 0 && (positive.at(-1) ?? 0) <= customValues.length;
    if (!isAscending || !isWithin || negative.length > 0) {
      throw invalidAnswer('a native histogram whose custom buckets are none');
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

/** How many buckets spans have, before anything is allocated for them. @throws PromfedError `upstream`. */
export function countBuckets(spans: readonly Span[]): number {
  let count = 0;
  for (const { length } of spans) count += length;
  if (count > MAX_BUCKETS) throw invalidAnswer('a native histogram of more buckets than there can be');
  return count;
}

function indicesOf(spans: readonly Span[]): number[] {
  countBuckets(spans);
  const indices: number[] = [];
  let next = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    if (i > 0 && offset < 0) throw invalidAnswer('a native histogram whose buckets go back');
    next += offset;
    if (Math.abs(next) + length > MAX_INDEX) {
      throw invalidAnswer('a native histogram with a bucket that no float belongs to');
    }
    for (let n = 0; n < length; n++) indices.push(next++);
  }
  return indices;
}

/** What a histogram counts, in the order of its layout's buckets. */
export interface HistogramCounts {
  readonly count: number;
  readonly zeroCount: number;
  readonly sum: number;
  readonly positive: ArrayLike<number>;
  readonly negative: ArrayLike<number>;
}

/** The histogram of a layout and its counts; buckets that count nothing are left out. */
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

/**
 * An integer that the wire has in 64 bits, as a number.
 *
 * @throws PromfedError `upstream` when it is beyond 2^53: it would not be what the region has counted.
 */
export function exactInteger(value: number | bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidAnswer('an integer beyond 2^53, which is not read exactly');
  return number;
}
