// Settings, alerts and observers of notifiers for tests.

import type { AlertmanagerSettings } from '../../../src/config/index.js';
import { DEFAULT_RELABEL, Labels, type RelabelSettings } from '../../../src/model/index.js';
import type { NotifierMetrics } from '../../../src/rules/notify/index.js';
import type { OutgoingAlert } from '../../../src/rules/ports.js';
import { groupSettings } from '../../upstreams/settings.js';

export function alertmanagerSettings(
  targets: readonly string[],
  overrides: Partial<AlertmanagerSettings> = {},
): AlertmanagerSettings {
  return {
    scheme: 'http',
    pathPrefix: '',
    timeoutMs: 10_000,
    targets: targets.map((address) => ({ address, labels: Labels.EMPTY })),
    relabel: [],
    alertRelabel: [],
    headers: [],
    httpClient: groupSettings([]).httpClient,
    ...overrides,
  };
}

export function relabelRule(rule: Partial<RelabelSettings>): RelabelSettings {
  return { ...DEFAULT_RELABEL, ...rule };
}

/** A firing alert. */
export function alert(name: string, overrides: Partial<OutgoingAlert> = {}): OutgoingAlert {
  return {
    labels: Labels.from({ alertname: name, severity: 'page' }),
    annotations: [['summary', `${name} fires`]],
    startsAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    endsAtMs: Date.UTC(2026, 0, 2, 3, 8, 5, 678),
    generatorUrl: 'http://promfed.example/graph?g0.expr=up',
    ...overrides,
  };
}

/** @param from the number of the first alert. */
export function numberedAlerts(count: number, from = 0): OutgoingAlert[] {
  return Array.from({ length: count }, (_, i) => alert(`a${from + i}`));
}

/** The metrics of one URL, as a scrape would show them. */
export interface UrlMetrics {
  loops: number;
  sent: number;
  errors: number;
  dropped: number;
  queueLength: number;
  durationsMs: number[];
}

/** Metrics in memory. */
export class RecordedMetrics implements NotifierMetrics {
  queueCapacity: number | undefined;
  alertmanagersDiscovered: number | undefined;
  readonly #urls = new Map<string, UrlMetrics>();

  /** The metrics of a URL, also after its last loop has ended. */
  of(url: string): UrlMetrics {
    let metrics = this.#urls.get(url);
    if (metrics === undefined) {
      metrics = { loops: 0, sent: 0, errors: 0, dropped: 0, queueLength: 0, durationsMs: [] };
      this.#urls.set(url, metrics);
    }
    return metrics;
  }

  capacity(alerts: number): void {
    this.queueCapacity = alerts;
  }

  discovered(alertmanagers: number): void {
    this.alertmanagersDiscovered = alertmanagers;
  }

  added(url: string): void {
    this.of(url).loops++;
  }

  removed(url: string): void {
    this.of(url).loops--;
  }

  sent(url: string, alerts: number, durationMs: number): void {
    this.of(url).sent += alerts;
    this.of(url).durationsMs.push(durationMs);
  }

  failed(url: string, alerts: number): void {
    this.of(url).errors += alerts;
  }

  dropped(url: string, alerts: number): void {
    this.of(url).dropped += alerts;
  }

  queued(url: string, delta: number): void {
    this.of(url).queueLength += delta;
  }
}
