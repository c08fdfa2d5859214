// What Prometheus says about histograms in places where they or their neighbours are not wanted.

/** Source of all of them: Prometheus, util/annotations. */
export const HISTOGRAM_TEXTS = {
  mixedTypes: (name: string): string =>
    `encountered a mix of histograms and floats for metric name ${JSON.stringify(name)}`,
  mixedTypesAggregation: 'encountered a mix of histograms and floats for aggregation',
  mixedSchemas: (name: string): string =>
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${JSON.stringify(name)}`,
  mixedClassic: (name: string): string =>
    `vector contains a mix of classic and native histograms${forName(name)}`,
  notCounter: (name: string): string =>
    `this native histogram metric is not a counter: ${JSON.stringify(name)}`,
  notGauge: (name: string): string => `this native histogram metric is not a gauge: ${JSON.stringify(name)}`,
  collision: (operation: string): string => `conflicting counter resets during histogram ${operation}`,
  reconciled: (operation: string): string => `mismatched custom buckets were reconciled during ${operation}`,
  ignoredInRange: (name: string): string =>
    `ignored histograms in a range containing both floats and histograms for metric name ${JSON.stringify(name)}`,
  ignoredInAggregation: (op: string): string => `ignored histogram in ${op} aggregation`,
  incompatibleTypes: (left: string, op: string, right: string): string =>
    `incompatible sample types encountered for binary operator ${JSON.stringify(op)}: ${left} ${op} ${right}`,
  incompatibleLayouts: (op: string): string =>
    `incompatible bucket layout encountered for binary operator ${op}`,
  quantileNaN: (name: string): string =>
    `input to histogram_quantile has NaN observations, result is NaN${forName(name)}`,
  quantileSkewed: (name: string): string =>
    `input to histogram_quantile has NaN observations, result is skewed higher${forName(name)}`,
  fractionNaN: (name: string): string =>
    `input to histogram_fraction has NaN observations, which are excluded from all fractions${forName(name)}`,
} as const;

function forName(name: string): string {
  return name === '' ? '' : ` for metric name ${JSON.stringify(name)}`;
}
