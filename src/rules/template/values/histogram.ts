// Native histograms in templates. Source: Prometheus, model/histogram/float_histogram.go (`String`) and generic.go.

import { bucketsOf, type Histogram } from '../../../model/index.js';
import { formatDecimal } from '../format/decimal.js';
import { float, int, type Value } from './value.js';

/** Prints a histogram: `{count:3, sum:10, (1,2]:3}`. */
export function histogramText(histogram: Histogram): string {
  const buckets = bucketsOf(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const open = lowerInclusive ? '[' : '(';
    const close = upperInclusive ? ']' : ')';
    return `, ${open}${general(lower)},${general(upper)}${close}:${general(count)}`;
  });
  return `{count:${general(histogram.count)}, sum:${general(histogram.sum)}${buckets.join('')}}`;
}

/** Prints a float like `%g`. */
function general(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  return formatDecimal(value, 'g', -1);
}

const HINTS = ['unknown', 'reset', 'not_reset', 'gauge'] as const;

/** Returns a field of Go's FloatHistogram; undefined when it does not exist. Spans and buckets are not supported. */
export function tryHistogramField(histogram: Histogram, name: string): Value | undefined {
  switch (name) {
    case 'Count':
      return float(histogram.count);
    case 'Sum':
      return float(histogram.sum);
    case 'Schema':
      return int(histogram.schema, 'int32');
    case 'ZeroCount':
      return float(histogram.zeroCount);
    case 'ZeroThreshold':
      return float(histogram.zeroThreshold);
    case 'CounterResetHint':
      return int(HINTS.indexOf(histogram.hint), 'histogram.CounterResetHint');
    default:
      return undefined;
  }
}
