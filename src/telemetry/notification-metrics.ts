// Metrics of notifications to Alertmanagers, with the names and labels of Prometheus.

import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client';

import type { NotifierMetrics } from '../rules/index.js';

/** Source: Prometheus 3.14, notifier/metric.go. */
export function addNotificationMetrics(registers: Registry[]): NotifierMetrics {
  return new NotificationRegistry(registers);
}

const LABEL = { labelNames: ['alertmanager'] as const };

class NotificationRegistry implements NotifierMetrics {
  readonly #latencySummary: Summary<'alertmanager'>;
  readonly #latencyHistogram: Histogram<'alertmanager'>;
  readonly #sent: Counter<'alertmanager'>;
  readonly #errors: Counter<'alertmanager'>;
  readonly #dropped: Counter<'alertmanager'>;
  readonly #queueLength: Gauge<'alertmanager'>;
  readonly #queueCapacity: Gauge;
  readonly #discovered: Gauge;
  /** Number of send loops by URL. */
  readonly #loops = new Map<string, number>();

  constructor(registers: Registry[]) {
    this.#latencySummary = new Summary({
      ...LABEL,
      name: 'prometheus_notifications_latency_seconds',
      help: 'Latency quantiles for sending alert notifications.',
      percentiles: [0.5, 0.9, 0.99],
      maxAgeSeconds: 600,
      ageBuckets: 5,
      registers,
    });
    this.#latencyHistogram = new Histogram({
      ...LABEL,
      name: 'prometheus_notifications_latency_histogram_seconds',
      help: 'Latency histogram for sending alert notifications.',
      buckets: [0.01, 0.1, 1, 10],
      registers,
    });
    this.#errors = new Counter({
      ...LABEL,
      name: 'prometheus_notifications_errors_total',
      help: 'Total number of sent alerts affected by errors.',
      registers,
    });
    this.#sent = new Counter({
      ...LABEL,
      name: 'prometheus_notifications_sent_total',
      help: 'Total number of alerts sent.',
      registers,
    });
    this.#dropped = new Counter({
      ...LABEL,
      name: 'prometheus_notifications_dropped_total',
      help: 'Total number of alerts dropped due to errors when sending to Alertmanager.',
      registers,
    });
    this.#queueLength = new Gauge({
      ...LABEL,
      name: 'prometheus_notifications_queue_length',
      help: 'The number of alert notifications in the queue.',
      registers,
    });
    this.#queueCapacity = new Gauge({
      name: 'prometheus_notifications_queue_capacity',
      help: 'The capacity of the alert notifications queue.',
      registers,
    });
    this.#discovered = new Gauge({
      name: 'prometheus_notifications_alertmanagers_discovered',
      help: 'The number of alertmanagers discovered and active.',
      registers,
    });
  }

  capacity(alerts: number): void {
    this.#queueCapacity.set(alerts);
  }

  discovered(alertmanagers: number): void {
    this.#discovered.set(alertmanagers);
  }

  added(url: string): void {
    const loops = this.#loops.get(url) ?? 0;
    this.#loops.set(url, loops + 1);
    if (loops > 0) return;
    for (const counter of [this.#sent, this.#errors, this.#dropped]) counter.inc({ alertmanager: url }, 0);
    this.#queueLength.set({ alertmanager: url }, 0);
  }

  removed(url: string): void {
    const loops = (this.#loops.get(url) ?? 0) - 1;
    if (loops > 0) {
      this.#loops.set(url, loops);
      return;
    }
    this.#loops.delete(url);
    for (const metric of [
      this.#latencySummary,
      this.#latencyHistogram,
      this.#sent,
      this.#errors,
      this.#dropped,
      this.#queueLength,
    ]) {
      metric.remove({ alertmanager: url });
    }
  }

  sent(url: string, alerts: number, durationMs: number): void {
    this.#sent.inc({ alertmanager: url }, alerts);
    this.#latencySummary.observe({ alertmanager: url }, durationMs / 1000);
    this.#latencyHistogram.observe({ alertmanager: url }, durationMs / 1000);
  }

  failed(url: string, alerts: number): void {
    this.#errors.inc({ alertmanager: url }, alerts);
  }

  dropped(url: string, alerts: number): void {
    this.#dropped.inc({ alertmanager: url }, alerts);
  }

  queued(url: string, delta: number): void {
    this.#queueLength.inc({ alertmanager: url }, delta);
  }
}
