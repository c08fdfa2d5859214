// promfed's own metrics, for `/metrics`.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { addMemoryMetrics, type MemoryStats } from './memory-metrics.js';
import type { MetricsReport } from './reports.js';

const SECONDS_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** One request to a target of a server group that is over. */
export interface UpstreamRequest {
  readonly group: string;
  readonly target: string;
  readonly path: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly bytes: number;
}

/** What was learned of one label of one server group. */
export interface LearnedLabel {
  readonly group: string;
  readonly label: string;
  readonly isUsed: boolean;
  /** Undefined when nothing was learned. */
  readonly values: number | undefined;
  readonly ageMs: number | undefined;
}

export interface Metrics {
  /** The text of `/metrics`, and its content type. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** The same as data. */
  readonly report: () => Promise<MetricsReport>;
  /** @param route the route's pattern. */
  readonly observeHttp: (route: string, status: number, durationMs: number) => void;
  readonly observeUpstream: (request: UpstreamRequest) => void;
  /** @param read asked at each rendering. */
  watchLabelIndex(read: () => readonly LearnedLabel[]): void;
  /** @param read asked at each rendering. */
  watchMemory(read: () => MemoryStats): void;
  /** A configuration was loaded and runs: its hash, and when. */
  configLoaded(hash: string, nowMs: number): void;
  /** A reload failed; the configuration from before goes on. */
  configFailed(): void;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'promfed_build_info',
    help: 'A constant 1, labelled with the version that runs.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const httpRequests = new Counter({
    name: 'promfed_http_requests_total',
    help: 'Requests answered, by route and status code.',
    labelNames: ['handler', 'code'],
    registers,
  });
  const httpSeconds = new Histogram({
    name: 'promfed_http_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer, by route.',
    labelNames: ['handler'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const upstreamRequests = new Counter({
    name: 'promfed_upstream_requests_total',
    help: 'Requests to targets of server groups, by how they ended.',
    labelNames: ['server_group', 'target', 'path', 'outcome'],
    registers,
  });
  const upstreamSeconds = new Histogram({
    name: 'promfed_upstream_request_duration_seconds',
    help: 'From sending a request to a target to the end of its answer.',
    labelNames: ['server_group', 'path'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const upstreamBytes = new Counter({
    name: 'promfed_upstream_response_bytes_total',
    help: 'Bytes of answers read from targets, after decoding.',
    labelNames: ['server_group', 'target'],
    registers,
  });
  const reloadSuccessful = new Gauge({
    name: 'promfed_config_last_reload_successful',
    help: 'Whether the last attempt to load the configuration succeeded.',
    registers,
  });
  const reloadSeconds = new Gauge({
    name: 'promfed_config_last_reload_success_timestamp_seconds',
    help: 'When the running configuration was loaded.',
    registers,
  });
  const configHash = new Gauge({
    name: 'promfed_config_hash',
    help: 'A constant 1, labelled with a hash of what the running configuration means.',
    labelNames: ['sha256'],
    registers,
  });

  let readLabelIndex = (): readonly LearnedLabel[] => [];
  /** A gauge of the labels of which the figure is known. */
  const indexGauge = (
    name: string,
    help: string,
    figure: (one: LearnedLabel) => number | undefined,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: ['server_group', 'label'],
      registers,
      collect() {
        this.reset();
        for (const one of readLabelIndex()) {
          const value = figure(one);
          if (value !== undefined) this.set({ server_group: one.group, label: one.label }, value);
        }
      },
    });
  };
  indexGauge(
    'promfed_label_index_age_seconds',
    'How long ago the values of a label of label_filter.dynamic_labels were asked for.',
    ({ ageMs }) => ageMs && ageMs / 1000,
  );
  indexGauge('promfed_label_index_values', 'How many values the label had then.', ({ values }) => values);
  indexGauge(
    'promfed_label_index_used',
    'Whether queries are routed by the label: 0 until it is learned, when it has too many values or is too old.',
    ({ isUsed }) => Number(isUsed),
  );

  // Every request is counted: finding a metric's child by its labels costs more than counting.
  const httpOf = bound((handler, code) => ({
    requests: httpRequests.labels({ handler, code }),
    seconds: httpSeconds.labels({ handler }),
  }));
  const upstreamOf = bound((server_group, target, path, outcome) => ({
    requests: upstreamRequests.labels({ server_group, target, path, outcome }),
    seconds: upstreamSeconds.labels({ server_group, path }),
    bytes: upstreamBytes.labels({ server_group, target }),
  }));

  return {
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    report: () => registry.getMetricsAsJSON(),
    observeHttp(route, status, durationMs) {
      const of = httpOf(route, String(status));
      of.requests.inc();
      of.seconds.observe(durationMs / 1000);
    },
    observeUpstream({ group, target, path, outcome, durationMs, bytes }) {
      const of = upstreamOf(group, target, path, outcome);
      of.requests.inc();
      of.seconds.observe(durationMs / 1000);
      of.bytes.inc(bytes);
    },
    watchLabelIndex(read) {
      readLabelIndex = read;
    },
    watchMemory(read) {
      addMemoryMetrics(registers, read);
    },
    configLoaded(hash, nowMs) {
      configHash.reset();
      configHash.set({ sha256: hash }, 1);
      reloadSuccessful.set(1);
      reloadSeconds.set(nowMs / 1000);
    },
    configFailed() {
      reloadSuccessful.set(0);
    },
  };
}

/** What `bind` makes of label values, made once for each of them: there are few, whatever is asked. */
function bound<T>(bind: (...values: string[]) => T): (...values: string[]) => T {
  const known = new Map<string, T>();
  return (...values) => {
    const key = values.join('\0');
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = bind(...values)));
    return found;
  };
}
