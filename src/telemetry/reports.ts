// The metrics of several processes as one: their reports, aggregated as each metric requires.

import {
  AggregatorRegistry,
  type Aggregator,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';

/** The metrics of one process, as structured clones. */
export type MetricsReport = readonly ReportedMetric[];

type ReportedMetric = Omit<MetricObjectWithValues<ReportedValue>, 'collect'>;

interface ReportedValue extends MetricValue<string> {
  /** For histograms, the name with its suffix. */
  readonly metricName?: string;
}

/** Aggregations of gauges that are not added up, for metrics that do not declare their own. */
const AGGREGATORS: Readonly<Record<string, Aggregator>> = {
  process_start_time_seconds: 'min',
  process_max_fds: 'max',
  promfed_build_info: 'first',
  promfed_label_index_age_seconds: 'max',
  promfed_label_index_values: 'max',
  promfed_label_index_used: 'min',
};

/** Prefix of metrics that the supervisor reports for all workers. */
const CONFIGURATION = 'promfed_config_';

/** Returns a worker's report without the metrics that the supervisor reports for all. */
export function withoutConfiguration(report: MetricsReport): MetricsReport {
  return report.filter(({ name }) => !name.startsWith(CONFIGURATION));
}

/** Renders the text of `/metrics` over all reports. Gauges aggregated as `first` come from the first report. */
export async function renderReports(
  reports: readonly MetricsReport[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const prepared = reports.map((report) =>
    report.map((metric) => ({ ...metric, aggregator: AGGREGATORS[metric.name] ?? metric.aggregator })),
  );
  const registry = AggregatorRegistry.aggregate(prepared);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** Adds up counters and histograms, which are kept when their process has exited. */
export function totalsOf(reports: readonly MetricsReport[]): MetricsReport {
  const totals = new Map<string, { metric: ReportedMetric; values: Map<string, ReportedValue> }>();
  for (const metric of reports.flat()) {
    // The library declares types as an enumeration in some places and as its names in others.
    const type = String(metric.type);
    if (type !== 'counter' && type !== 'histogram') continue;
    let total = totals.get(metric.name);
    if (total === undefined) totals.set(metric.name, (total = { metric, values: new Map() }));
    for (const value of metric.values) {
      const labels = Object.entries(value.labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify([value.metricName, labels]);
      total.values.set(key, { ...value, value: value.value + (total.values.get(key)?.value ?? 0) });
    }
  }
  return [...totals.values()].map(({ metric, values }) => ({ ...metric, values: [...values.values()] }));
}
