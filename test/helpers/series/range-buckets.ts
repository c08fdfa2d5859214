// Series of VictoriaMetrics' histograms: each counts the observations of one range.

import type { TestSeries } from './series-set.js';

export interface RangeBucketTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
}

/**
 * Returns a series of a bucket.
 *
 * @param labels with the name.
 * @param valueAt the value of the sample with a number, counted from 0; undefined for no sample.
 */
export function bucketSeries(
  labels: Readonly<Record<string, string>>,
  { startMs, endMs, intervalMs }: RangeBucketTimes,
  valueAt: (index: number) => number | undefined,
): TestSeries {
  const timestamps: number[] = [];
  const values: number[] = [];
  for (let index = 0; startMs + index * intervalMs <= endMs; index++) {
    const value = valueAt(index);
    if (value === undefined) continue;
    timestamps.push(startMs + index * intervalMs);
    values.push(value);
  }
  return { labels, timestamps, values };
}

/** Bounds of ranges as VictoriaMetrics' client libraries write them: 18 for each power of ten. */
const BOUNDS = Array.from({ length: 27 * 18 + 1 }, (_, i) => formatBound(10 ** (-9 + i / 18)));

function formatBound(bound: number): string {
  return bound.toExponential(3).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Returns the `vmrange` of the bucket for a value, as VictoriaMetrics' client libraries write it. */
export function rangeOf(value: number): string {
  if (value < 1e-9) return `0...${BOUNDS[0]!}`;
  const index = Math.min(Math.floor((Math.log10(value) + 9) * 18), BOUNDS.length - 1);
  return `${BOUNDS[index]!}...${BOUNDS[index + 1] ?? '+Inf'}`;
}
