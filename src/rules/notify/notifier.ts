// Sends the alerts of rules to Alertmanagers.

import type { AlertingSettings, AlertmanagerSettings } from '../../config/index.js';
import { createStaticSource, type TargetSource } from '../../discovery/index.js';
import { Relabeler, type Labels } from '../../model/index.js';
import type { Background } from '../../upstreams/index.js';
import type { AlertSink, OutgoingAlert } from '../ports.js';
import { AlertmanagerSet } from './alertmanager-set.js';
import { NO_METRICS, type NotifierMetrics } from './metrics.js';
import { relabelAlerts } from './relabel-alerts.js';

/** Maximum estimated size of the queue of one Alertmanager. 10,000 alerts of usual size have a third of it. */
const MAX_QUEUE_BYTES = 64 << 20;

const DEFAULT_DRAIN_MS = 10_000;

export interface NotifierOptions {
  /** `global.external_labels`: added to every alert, without replacing its own labels. */
  readonly externalLabels: Labels;
  /** `--alertmanager.notification-queue-capacity`: number of alerts that the queue of each Alertmanager holds. */
  readonly queueCapacity: number;
  /** promfed's version, sent as `User-Agent: promfed/VERSION`. */
  readonly version: string;
  readonly background: Background;
  /** Default: nothing is observed. */
  readonly metrics?: NotifierMetrics;
  /** Maximum time in which the queue of a closed or removed Alertmanager is sent. Default 10,000; 0 drops it. */
  readonly drainMs?: number;
  /** Returns the targets of an entry. Default: those of its settings. */
  readonly sourceOf?: (settings: AlertmanagerSettings) => TargetSource;
}

/** URLs to which alerts are posted, as `/api/v1/alertmanagers` returns them. */
export interface Alertmanagers {
  readonly active: readonly string[];
  /** Targets that `relabel_configs` drops. */
  readonly dropped: readonly string[];
}

/**
 * Queues alerts and sends them in the background. Every Alertmanager has its own queue and its own loop: one that hangs or
 * fails delays no other.
 */
export interface Notifier extends AlertSink {
  /** The Alertmanagers at the moment. */
  alertmanagers(): Alertmanagers;
  /** Starts to send. Alerts are queued before it. */
  start(): void;
  /**
   * Replaces the settings after a reload. Alertmanagers of entries with unchanged settings keep their queues and connections.
   * The queues of the others are sent as by `close`, beside those of the new ones.
   *
   * @throws PromfedError as `createNotifier`; the previous settings stay.
   */
  update(settings: AlertingSettings, externalLabels: Labels): void;
  /** Ignores further alerts, sends the queued ones for up to `drainMs` and closes all connections. */
  close(): Promise<void>;
}

/**
 * Creates a notifier. No connection is opened before the first alert is sent. Invalid targets are logged and ignored.
 *
 * Source: Prometheus 3.14, notifier/manager.go.
 *
 * @throws PromfedError `bad_data` when a regex, a header, a certificate or the credentials of the settings are invalid.
 */
export function createNotifier(settings: AlertingSettings, options: NotifierOptions): Notifier {
  return new AlertmanagerNotifier(settings, options);
}

function staticSourceOf({ targets }: AlertmanagerSettings): TargetSource {
  return createStaticSource(targets);
}

/** The Alertmanagers of one entry of the settings. */
interface Entry {
  /** Equal for equal settings. */
  readonly fingerprint: string;
  readonly set: AlertmanagerSet;
}

class AlertmanagerNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #metrics: NotifierMetrics;
  #externalLabels: Labels;
  #relabeler: Relabeler;
  #entries: readonly Entry[];
  /** The ends of removed entries. */
  readonly #closing = new Set<Promise<void>>();
  #state: 'held' | 'started' | 'closed' = 'held';

  constructor(settings: AlertingSettings, options: NotifierOptions) {
    this.#options = options;
    this.#metrics = options.metrics ?? NO_METRICS;
    this.#externalLabels = options.externalLabels;
    this.#relabeler = new Relabeler(settings.relabel);
    this.#entries = this.#createEntries(settings, []);
  }

  send(alerts: readonly OutgoingAlert[]): void {
    if (this.#state === 'closed') return;
    const relabeled = relabelAlerts(alerts, (labels) =>
      this.#relabeler.tryRelabel(this.#externalLabels.with(labels)),
    );
    if (relabeled.length === 0) return;
    for (const { set } of this.#entries) set.send(relabeled);
  }

  alertmanagers(): Alertmanagers {
    const urls = this.#entries.map(({ set }) => set.urls);
    return {
      active: urls.flatMap(({ active }) => active),
      dropped: urls.flatMap(({ dropped }) => dropped),
    };
  }

  start(): void {
    if (this.#state !== 'held') return;
    this.#state = 'started';
    this.#metrics.capacity(this.#options.queueCapacity);
    this.#reportDiscovered();
    for (const { set } of this.#entries) set.start();
  }

  update(settings: AlertingSettings, externalLabels: Labels): void {
    if (this.#state === 'closed') return;
    const relabeler = new Relabeler(settings.relabel);
    const previous = this.#entries;
    const entries = this.#createEntries(settings, previous);
    this.#relabeler = relabeler;
    this.#externalLabels = externalLabels;
    this.#entries = entries;
    for (const entry of previous) if (!entries.includes(entry)) this.#close(entry);
    this.#reportDiscovered();
    if (this.#state === 'started') for (const { set } of entries) set.start();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const entry of this.#entries) this.#close(entry);
    this.#entries = [];
    await Promise.all(this.#closing);
  }

  /** Creates the entries of settings. Each entry of `kept` with equal settings is reused once. */
  #createEntries({ alertmanagers }: AlertingSettings, kept: readonly Entry[]): readonly Entry[] {
    const reusable = [...kept];
    const entries: Entry[] = [];
    try {
      for (const settings of alertmanagers) {
        const fingerprint = JSON.stringify(settings);
        const at = reusable.findIndex((entry) => entry.fingerprint === fingerprint);
        entries.push(
          reusable.splice(at, at < 0 ? 0 : 1)[0] ?? { fingerprint, set: this.#createSet(settings) },
        );
      }
      return entries;
    } catch (thrown) {
      for (const entry of entries) if (!kept.includes(entry)) this.#close(entry);
      throw thrown;
    }
  }

  #createSet(settings: AlertmanagerSettings): AlertmanagerSet {
    const { queueCapacity, version, background, drainMs = DEFAULT_DRAIN_MS } = this.#options;
    const source = (this.#options.sourceOf ?? staticSourceOf)(settings);
    return new AlertmanagerSet(settings, source, {
      queue: { alerts: queueCapacity, bytes: MAX_QUEUE_BYTES },
      drainMs,
      version,
      background,
      metrics: this.#metrics,
      onChange: () => {
        this.#reportDiscovered();
      },
    });
  }

  #close({ set }: Entry): void {
    const closed = set.close();
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }

  #reportDiscovered(): void {
    if (this.#state === 'started') this.#metrics.discovered(this.alertmanagers().active.length);
  }
}
