// A native histogram as text.

import { bucketsOf, formatFloat, type Histogram } from '../model/index.js';

/** Brackets of a bucket, by the number with which the API says which bounds are included. Source: Prometheus, util/jsonutil. */
const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['(', ']'],
  ['[', ')'],
  ['(', ')'],
  ['[', ']'],
];

/**
 * Returns for instance `{count:3, sum:1.5, (0.5,1]:3}`, with the populated buckets in ascending order.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`FloatHistogram.String`).
 */
export function histogramText(histogram: Histogram): string {
  const { count, sum } = histogram;
  const parts = [`count:${formatFloat(count)}`, `sum:${formatFloat(sum)}`];
  for (const bucket of bucketsOf(histogram)) {
    const bounds = `${formatFloat(bucket.lower)},${formatFloat(bucket.upper)}`;
    const [open, close] = [bucket.lowerInclusive ? '[' : '(', bucket.upperInclusive ? ']' : ')'];
    parts.push(`${open}${bounds}${close}:${formatFloat(bucket.count)}`);
  }
  return `{${parts.join(', ')}}`;
}

/** Same as `histogramText`, for a histogram in the JSON of the API. Malformed members are left out. */
export function jsonHistogramText(histogram: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const name of ['count', 'sum']) {
    const value = histogram[name];
    if (typeof value === 'string') parts.push(`${name}:${value}`);
  }
  const { buckets } = histogram;
  for (const bucket of Array.isArray(buckets) ? (buckets as readonly unknown[]) : []) {
    if (!Array.isArray(bucket)) continue;
    const [boundaries, lower, upper, count] = bucket as readonly unknown[];
    const brackets = typeof boundaries === 'number' ? BRACKETS[boundaries] : undefined;
    if (brackets === undefined) continue;
    parts.push(`${brackets[0]}${String(lower)},${String(upper)}${brackets[1]}:${String(count)}`);
  }
  return `{${parts.join(', ')}}`;
}
