// Texts of Prometheus: annotations, and errors that differ in style from those of promfed.

import { formatShort } from '../functions/index.js';

/**
 * Texts of annotations, without the prefix `PromQL warning: ` or `PromQL info: ` and without the position.
 *
 * Source: Prometheus, util/annotations.
 */
export const ANNOTATION_TEXTS = {
  badBucketLabel: (le: string, metricName: string): string =>
    `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)}${forMetric(metricName)}`,
  collision: (operation: string): string => `conflicting counter resets during histogram ${operation}`,
  fractionNaN: (metricName: string): string =>
    `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(metricName)}`,
  ignoredInAggregation: (op: string): string => `ignored histogram in ${op} aggregation`,
  ignoredInRange: (metricName: string): string =>
    `ignored histograms in a range containing both floats and histograms for metric name ${JSON.stringify(metricName)}`,
  incompatibleLayouts: (op: string): string =>
    `incompatible bucket layout encountered for binary operator ${op}`,
  incompatibleTypes: (left: string, op: string, right: string): string =>
    `incompatible sample types encountered for binary operator ${JSON.stringify(op)}: ${left} ${op} ${right}`,
  invalidQuantile: (q: number): string => `quantile value should be between 0 and 1, got ${formatShort(q)}`,
  invalidRatio: (ratio: number, cap: number): string =>
    `ratio value should be between -1 and 1, got ${formatShort(ratio)}, capping to ${formatShort(cap)}`,
  mixedClassic: (metricName: string): string =>
    `vector contains a mix of classic and native histograms${forMetric(metricName)}`,
  mixedSchemas: (metricName: string): string =>
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${JSON.stringify(metricName)}`,
  mixedTypes: (metricName: string): string =>
    `encountered a mix of histograms and floats for metric name ${JSON.stringify(metricName)}`,
  mixedTypesAggregation: 'encountered a mix of histograms and floats for aggregation',
  notCounter: (metricName: string): string =>
    `this native histogram metric is not a counter: ${JSON.stringify(metricName)}`,
  notGauge: (metricName: string): string =>
    `this native histogram metric is not a gauge: ${JSON.stringify(metricName)}`,
  possibleNonCounter: (metricName: string): string =>
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(metricName)}`,
  quantileNaN: (metricName: string): string =>
    `input to histogram_quantile has NaN observations, result is NaN${forMetric(metricName)}`,
  quantileSkewed: (metricName: string): string =>
    `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(metricName)}`,
  reconciled: (operation: string): string => `mismatched custom buckets were reconciled during ${operation}`,
  sortInRangeQuery: 'sort is ineffective for range queries since results are always ordered by labels',
  startTimeOverlap: (metricName: string): string =>
    `sample has start time that overlaps with previous sample timestamp for metric ${JSON.stringify(metricName)}`,
} as const;

/** Texts of errors about parameters of aggregations. Source: Prometheus, promql/engine.go (`rangeEvalAgg`). */
export const PARAMETER_ERRORS = {
  nan: 'Parameter value is NaN',
  nanRatio: 'Ratio value is NaN',
  underflow: (value: string): string => `Scalar value ${value} underflows int64`,
  overflow: (value: string): string => `Scalar value ${value} overflows int64`,
} as const;

function forMetric(metricName: string): string {
  return metricName === '' ? '' : ` for metric name ${JSON.stringify(metricName)}`;
}
