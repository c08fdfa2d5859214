// Queries on the series of histogram-set.ts.

/** Time of the first sample. */
export const START_MS = 1_700_000_000_000;

/**
 * Queries that are evaluated from raw samples.
 *
 * Rates exclude series with resets and with different custom bounds. promfed follows newer versions of Prometheus, which
 * do not extrapolate a histogram below zero and reconcile custom bounds. Sums exclude series with resets too: chunks
 * contain reset hints that a Prometheus with out-of-order samples hides from its own queries, so that only promfed warns.
 */
export const QUERIES = [
  'latency',
  'bounded',
  'gauge',
  'mixed',
  'latency[2m]',
  'mixed[3m]',
  'rate(latency{shape!~"resets|coarser"}[2m])',
  'increase(latency{shape!~"resets|coarser"}[5m])',
  'irate(latency{shape!~"resets|coarser"}[1m])',
  'delta(gauge[2m])',
  'idelta(gauge[2m])',
  'rate(bounded[2m])',
  'rate(mixed[5m])',
  'sum(latency{shape!~"resets|coarser"})',
  'sum by (shape) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'sum by (region) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'sum(rate(bounded{shape="integers"}[2m]))',
  'sum(bounded{shape="floats"})',
  'avg by (shape) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'avg(gauge)',
  'count(latency)',
  'group by (shape) (mixed)',
  'histogram_count(latency)',
  'histogram_sum(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_avg(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_stddev(latency)',
  'histogram_stdvar(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_fraction(0, 1, rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_fraction(0.1, 2, bounded)',
  'histogram_quantile(0.9, rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_quantile(0.5, sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.99, sum by (region) (rate(bounded{shape="integers"}[2m])))',
  'histogram_quantile(0.1, latency{shape="signed"})',
  'latency{region="eu"} + on (shape) latency{region="us"}',
  'latency{region="eu"} - on (shape) latency{region="us"}',
  'rate(latency{shape!~"resets|coarser"}[2m]) * 3',
  '2 * gauge',
  'gauge / 4',
  '-gauge',
  'latency == latency',
  'latency{region="eu"} != on (shape) latency{region="us"}',
  'latency and bounded',
  'latency or bounded',
  'sum_over_time(gauge[2m])',
  'avg_over_time(gauge[2m])',
  'last_over_time(latency[2m])',
  'count_over_time(mixed[5m])',
  'present_over_time(latency[1m])',
  'resets(latency[5m])',
  'changes(mixed[5m])',
  'max_over_time(mixed[5m])',
  'max_over_time(histogram_count(latency)[3m:30s])',
  'rate(latency{shape!~"resets|coarser"}[2m:20s])',
  'timestamp(latency)',
  'absent(latency)',
  'label_replace(latency, "to", "$1", "shape", "(.)")',
  'latency offset 3m',
  `latency @ ${(START_MS + 600_000) / 1000}`,
  'sum(rate(http_requests_total[5m])) + sum(histogram_count(rate(latency{shape!~"resets|coarser"}[2m])))',
];

/** Queries whose histograms are not used by promfed with pushdown: they are part of the result, or stay in the regions. */
export const PASSED_QUERIES = [
  'latency',
  'rate(latency{shape!~"resets|coarser"}[2m])',
  'sum by (region) (gauge)',
  'histogram_quantile(0.9, sum by (region) (rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_count(sum by (region, shape) (latency{shape!~"resets|coarser"}))',
  'count(latency)',
  'sum(histogram_count(rate(latency{shape!~"resets|coarser"}[2m])))',
];

/** Queries for which promfed computes with histograms, also with pushdown. */
export const COMPUTED_QUERIES = [
  'sum(latency{shape!~"resets|coarser"})',
  'histogram_avg(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.9, sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.9, sum(rate(bounded{shape="integers"}[2m])))',
  'histogram_stddev(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'avg(gauge)',
  'avg by (shape) (gauge)',
  'latency{region="eu"} + on (shape) latency{region="us"}',
  'histogram_fraction(0, 1, sum(rate(latency{shape!~"resets|coarser"}[2m]))) + sum(rate(http_requests_total[2m]))',
  'max_over_time(histogram_count(sum(rate(latency{shape!~"resets|coarser"}[2m])))[3m:30s])',
];
