// The Alertmanagers of one entry of `alerting.alertmanagers`: targets with the same settings.

import type { AlertmanagerSettings } from '../../config/index.js';
import type { TargetSource } from '../../discovery/index.js';
import { asPromfedError, Relabeler } from '../../model/index.js';
import type { Background, HttpClient } from '../../upstreams/index.js';
import { createHttpClient } from '../../upstreams/index.js';
import type { OutgoingAlert } from '../ports.js';
import type { AlertLimits } from './alert-queue.js';
import { alertmanagerUrls, type AlertmanagerUrls } from './alertmanager-urls.js';
import type { NotifierMetrics } from './metrics.js';
import { relabelAlerts } from './relabel-alerts.js';
import { SendLoop } from './send-loop.js';

export interface AlertmanagerSetOptions {
  readonly queue: AlertLimits;
  readonly drainMs: number;
  readonly version: string;
  readonly background: Background;
  readonly metrics: NotifierMetrics;
  /** Called when the active Alertmanagers have changed. */
  readonly onChange: () => void;
}

/** One send loop for each URL of the targets, which may change at any time. */
export class AlertmanagerSet {
  readonly #settings: AlertmanagerSettings;
  readonly #source: TargetSource;
  readonly #options: AlertmanagerSetOptions;
  readonly #relabeler: Relabeler;
  readonly #alertRelabeler: Relabeler;
  /** By URL. */
  readonly #loops = new Map<string, SendLoop>();
  /** The ends of loops of removed targets. */
  readonly #stopping = new Set<Promise<void>>();
  #urls: AlertmanagerUrls = { active: [], dropped: [], invalid: [] };
  #isStarted = false;

  /**
   * @param source of the targets; closed with the set.
   * @throws PromfedError `bad_data` when a regex, a header, a certificate or the credentials are invalid.
   */
  constructor(settings: AlertmanagerSettings, source: TargetSource, options: AlertmanagerSetOptions) {
    this.#settings = settings;
    this.#source = source;
    this.#options = options;
    this.#relabeler = new Relabeler(settings.relabel);
    this.#alertRelabeler = new Relabeler(settings.alertRelabel);
    try {
      this.#update((url) => this.#createClient(url));
    } catch (thrown) {
      void this.close();
      throw thrown;
    }
    source.onChange(() => {
      this.#update((url) => this.#tryCreateClient(url));
      options.onChange();
    });
  }

  /** The active and the dropped Alertmanagers. */
  get urls(): AlertmanagerUrls {
    return this.#urls;
  }

  /** Queues alerts for every Alertmanager, with the labels that the settings give them. */
  send(alerts: readonly OutgoingAlert[]): void {
    const relabeled = relabelAlerts(alerts, (labels) => this.#alertRelabeler.tryRelabel(labels));
    if (relabeled.length === 0) return;
    for (const loop of this.#loops.values()) loop.add(relabeled);
  }

  start(): void {
    this.#isStarted = true;
    for (const loop of this.#loops.values()) loop.start();
  }

  /** Ends every loop. Resolves when the queues are drained or the bound for it has passed. */
  async close(): Promise<void> {
    this.#source.close();
    for (const url of [...this.#loops.keys()]) this.#remove(url);
    await Promise.all(this.#stopping);
  }

  /** Adopts the current targets of the source. Alertmanagers that stay keep their queues and connections. */
  #update(create: (url: string) => HttpClient | undefined): void {
    const urls = alertmanagerUrls(this.#settings, this.#relabeler, this.#source.targets);
    for (const url of urls.invalid) {
      this.#options.background.log.warn(
        { alertmanager: url },
        'ignored an alertmanager whose URL is invalid',
      );
    }
    const isKept = new Set(urls.active);
    for (const url of [...this.#loops.keys()]) if (!isKept.has(url)) this.#remove(url);
    for (const url of urls.active) {
      if (this.#loops.has(url)) continue;
      const client = create(url);
      if (client !== undefined) this.#add(url, client);
    }
    this.#urls = { ...urls, active: urls.active.filter((url) => this.#loops.has(url)) };
  }

  #add(url: string, client: HttpClient): void {
    const { queue, metrics, background } = this.#options;
    const { timeoutMs } = this.#settings;
    const loop = new SendLoop({ url, client, timeoutMs, queue, metrics, ...background });
    this.#loops.set(url, loop);
    if (this.#isStarted) loop.start();
  }

  #remove(url: string): void {
    const stopped = this.#loops.get(url)!.stop(this.#options.drainMs);
    this.#loops.delete(url);
    this.#stopping.add(stopped);
    void stopped.finally(() => this.#stopping.delete(stopped));
  }

  #createClient(url: string): HttpClient {
    const { httpClient, headers } = this.#settings;
    const { version, background } = this.#options;
    const owner = { title: 'alertmanager', fields: { alertmanager: url } };
    return createHttpClient({ url, owner, settings: httpClient, headers, version, background });
  }

  #tryCreateClient(url: string): HttpClient | undefined {
    try {
      return this.#createClient(url);
    } catch (thrown) {
      const reason = asPromfedError(thrown).message;
      this.#options.background.log.warn({ alertmanager: url, reason }, 'ignored an alertmanager');
      return undefined;
    }
  }
}
