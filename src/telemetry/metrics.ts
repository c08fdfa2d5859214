// promfed's own metrics, for `/metrics`.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { addMemoryMetrics, type MemoryStats } from './memory-metrics.js';
import type { MetricsReport } from './reports.js';

const SECONDS_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** One finished request to a target of a server group. */
export interface UpstreamRequest {
  readonly group: string;
  readonly target: string;
  readonly path: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly bytes: number;
}

/** Learned values of one label of one server group. */
export interface LearnedLabel {
  readonly group: string;
  readonly label: string;
  readonly isUsed: boolean;
  /** Number of values; undefined when they are not known. */
  readonly values: number | undefined;
  readonly ageMs: number | undefined;
}

export interface Metrics {
  /** Renders the text of `/metrics`, and its content type. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Returns the same as data. */
  readonly report: () => Promise<MetricsReport>;
  /** @param route the route's pattern. */
  readonly observeHttp: (route: string, status: number, durationMs: number) => void;
  readonly observeUpstream: (request: UpstreamRequest) => void;
  /** @param read called for each rendering. */
  watchLabelIndex(read: () => readonly LearnedLabel[]): void;
  /** @param read called for each rendering. */
  watchMemory(read: () => MemoryStats): void;
  /** Records that a configuration is in effect. */
  configLoaded(hash: string, nowMs: number): void;
  /** Records that a reload failed. */
  configFailed(): void;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'promfed_build_info',
    help: 'A constant 1, labelled with the running version.',
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
    help: 'Time from the arrival of a request to the end of its response, by route.',
    labelNames: ['handler'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const upstreamRequests = new Counter({
    name: 'promfed_upstream_requests_total',
    help: 'Requests to targets of server groups, by outcome.',
    labelNames: ['server_group', 'target', 'path', 'outcome'],
    registers,
  });
  const upstreamSeconds = new Histogram({
    name: 'promfed_upstream_request_duration_seconds',
    help: 'Time from sending a request to a target to the end of its response.',
    labelNames: ['server_group', 'path'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const upstreamBytes = new Counter({
    name: 'promfed_upstream_response_bytes_total',
    help: 'Bytes of responses read from targets, after decoding.',
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
    help: 'Time at which the running configuration was loaded.',
    registers,
  });
  const configHash = new Gauge({
    name: 'promfed_config_hash',
    help: 'A constant 1, labelled with a hash of the running configuration.',
    labelNames: ['sha256'],
    registers,
  });

  let readLabelIndex = (): readonly LearnedLabel[] => [];
  /** Adds a gauge with a value for each label that has one. */
  const indexGauge = (
    name: string,
    help: string,
    valueOf: (one: LearnedLabel) => number | undefined,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: ['server_group', 'label'],
      registers,
      collect() {
        this.reset();
        for (const one of readLabelIndex()) {
          const value = valueOf(one);
          if (value !== undefined) this.set({ server_group: one.group, label: one.label }, value);
        }
      },
    });
  };
  indexGauge(
    'promfed_label_index_age_seconds',
    'Age of the values of a label of label_filter.dynamic_labels.',
    ({ ageMs }) => ageMs && ageMs / 1000,
  );
  indexGauge('promfed_label_index_values', 'Number of values of the label.', ({ values }) => values);
  indexGauge(
    'promfed_label_index_used',
    'Whether queries are routed by the label: 0 until it is learned, and when it has too many values or they are too old.',
    ({ isUsed }) => Number(isUsed),
  );

  // Every request is counted, and looking up a metric's child by its labels costs more than counting.
  const httpChildren = memoized((handler, code) => ({
    requests: httpRequests.labels({ handler, code }),
    seconds: httpSeconds.labels({ handler }),
  }));
  const upstreamChildren = memoized((server_group, target, path, outcome) => ({
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
      const { requests, seconds } = httpChildren(route, String(status));
      requests.inc();
      seconds.observe(durationMs / 1000);
    },
    observeUpstream({ group, target, path, outcome, durationMs, bytes }) {
      const children = upstreamChildren(group, target, path, outcome);
      children.requests.inc();
      children.seconds.observe(durationMs / 1000);
      children.bytes.inc(bytes);
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

/** Calls `create` once for each list of label values. There are few, whatever clients send. */
function memoized<T>(create: (...values: string[]) => T): (...values: string[]) => T {
  const known = new Map<string, T>();
  return (...values) => {
    const key = values.join('\0');
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = create(...values)));
    return found;
  };
}
