// The metrics of several processes as one: what each reported, put together by the meaning of each metric.

import {
  AggregatorRegistry,
  type Aggregator,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';

/** The metrics of one process, as can be sent to another. */
export type MetricsReport = readonly ReportedMetric[];

type ReportedMetric = Omit<MetricObjectWithValues<ReportedValue>, 'collect'>;

interface ReportedValue extends MetricValue<string> {
  /** Of a histogram: with the suffix. */
  readonly metricName?: string;
}

/** How gauges are put together that are not added up, where the metric does not say so itself. */
const AGGREGATORS: Readonly<Record<string, Aggregator>> = {
  process_start_time_seconds: 'min',
  process_max_fds: 'max',
  promfed_build_info: 'first',
  promfed_label_index_age_seconds: 'max',
  promfed_label_index_values: 'max',
  promfed_label_index_used: 'min',
};

/** Of the process that supervises alone: workers follow it. */
const CONFIGURATION = 'promfed_config_';

/** A worker's report without what the supervising process says for all. */
export function withoutConfiguration(report: MetricsReport): MetricsReport {
  return report.filter(({ name }) => !name.startsWith(CONFIGURATION));
}

/** The text of `/metrics` over all reports. A gauge that is taken from the first is the first report's. */
export async function renderReports(
  reports: readonly MetricsReport[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const prepared = reports.map((report) =>
    report.map((metric) => ({ ...metric, aggregator: AGGREGATORS[metric.name] ?? metric.aggregator })),
  );
  const registry = AggregatorRegistry.aggregate(prepared);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** What only ever grows, counters and histograms, added up: what is kept of a process that ended. */
export function totalsOf(reports: readonly MetricsReport[]): MetricsReport {
  const totals = new Map<string, { metric: ReportedMetric; values: Map<string, ReportedValue> }>();
  for (const metric of reports.flat()) {
    // The library's types are an enumeration in some places and its names in others.
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
