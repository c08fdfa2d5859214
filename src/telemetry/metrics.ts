// promfed's own metrics, for `/metrics`.

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

import type { ElectionMetrics, NotifierMetrics, RemoteWriteMetrics, RuleMetrics } from '../rules/index.js';

import { addConfigMetrics, type ConfigMetrics } from './config-metrics.js';
import { addConnectionMetrics, type ConnectionStats } from './connection-metrics.js';
import { addElectionMetrics } from './election-metrics.js';
import { addLabelIndexMetrics, type LearnedLabel } from './label-index-metrics.js';
import { addLogMetrics } from './log-metrics.js';
import { addMemoryMetrics, type MemoryStats } from './memory-metrics.js';
import { addNotificationMetrics } from './notification-metrics.js';
import { addRemoteWriteMetrics } from './remote-write-metrics.js';
import type { MetricsReport } from './reports.js';
import { addRuleMetrics } from './rule-metrics.js';
import { addHttpMetrics, addUpstreamMetrics, type UpstreamRequest } from './request-metrics.js';

export interface Metrics extends ConfigMetrics {
  /** Renders the text of `/metrics`, and its content type. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Returns the metrics as data that can be sent to another process. */
  readonly report: () => Promise<MetricsReport>;
  /** @param route the route's pattern. */
  readonly observeHttp: (route: string, status: number, durationMs: number) => void;
  readonly observeUpstream: (request: UpstreamRequest) => void;
  /** Adds the metrics of rules, in the process that evaluates them. Called once. @param now the clock, in milliseconds. */
  readonly addRules: (now: () => number) => {
    readonly rules: RuleMetrics;
    readonly notifications: NotifierMetrics;
    readonly remoteWrite: RemoteWriteMetrics;
    /** Adds the metrics of the election. Called once, when an election is configured. */
    readonly addElection: () => ElectionMetrics;
  };
  /** Adds the metrics of learned label values. @param read called for each rendering. */
  addLabelIndex(read: () => readonly LearnedLabel[]): void;
  /** Adds the metrics of the connections of clients. @param read called for each rendering. */
  addConnections(read: () => ConnectionStats): void;
  /** Adds the metrics of the log. @param dropped number of lines that were not written; called for each rendering. */
  addLog(dropped: () => number): void;
  /** Adds the metrics of the memory budget. @param read called for each rendering. */
  addMemory(read: () => MemoryStats): void;
}

/**
 * Interval at which the delay of the event loop is sampled. The minimum and mean of `nodejs_eventloop_lag_*` include it.
 * The default of prom-client, 10 ms, wakes an idle process a hundred times a second.
 */
const EVENT_LOOP_SAMPLE_MS = 50;

/** Creates the metrics of one process. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  new Gauge({
    name: 'promfed_build_info',
    help: 'A constant 1, labelled with the running version.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  return {
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    report: () => registry.getMetricsAsJSON(),
    observeHttp: addHttpMetrics(registers),
    observeUpstream: addUpstreamMetrics(registers),
    addRules: (now) => ({
      rules: addRuleMetrics(registers, now),
      notifications: addNotificationMetrics(registers),
      remoteWrite: addRemoteWriteMetrics(registers),
      addElection: () => addElectionMetrics(registers),
    }),
    addLabelIndex(read) {
      addLabelIndexMetrics(registers, read);
    },
    addConnections(read) {
      addConnectionMetrics(registers, read);
    },
    addLog(dropped) {
      addLogMetrics(registers, dropped);
    },
    addMemory(read) {
      addMemoryMetrics(registers, read);
    },
    ...addConfigMetrics(registers),
  };
}
