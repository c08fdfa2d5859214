// A native histogram as text.

import { formatFloat } from '../format.js';
import { bucketsOf, type Histogram } from './histogram.js';

/**
 * Returns for instance `{count:3, sum:1.5, (0.5,1]:3}`, with the populated buckets in ascending order.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`FloatHistogram.String`).
 */
export function printHistogram(histogram: Histogram): string {
  const { count, sum } = histogram;
  const parts = [`count:${formatFloat(count)}`, `sum:${formatFloat(sum)}`];
  for (const bucket of bucketsOf(histogram)) {
    const bounds = `${formatFloat(bucket.lower)},${formatFloat(bucket.upper)}`;
    const [open, close] = [bucket.lowerInclusive ? '[' : '(', bucket.upperInclusive ? ']' : ')'];
    parts.push(`${open}${bounds}${close}:${formatFloat(bucket.count)}`);
  }
  return `{${parts.join(', ')}}`;
}
