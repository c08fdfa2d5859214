// Sends alerts to one Alertmanager, independently of all others.

import { asPromfedError } from '../../model/index.js';
import { Cancellation, type Log, type Timers } from '../../runtime/index.js';
import type { HttpClient } from '../../upstreams/index.js';
import type { OutgoingAlert } from '../ports.js';
import { alertsJson } from './alert-json.js';
import { AlertQueue, type AlertLimits } from './alert-queue.js';
import type { NotifierMetrics } from './metrics.js';

/**
 * Limits of one request. The number of alerts is Prometheus'; the size bounds the memory of annotations of any length.
 *
 * Source: Prometheus, notifier/manager.go (`DefaultMaxBatchSize`).
 */
const BATCH_LIMITS: AlertLimits = { alerts: 256, bytes: 4 << 20 };

const HEADERS: readonly string[] = ['content-type', 'application/json'];

export interface SendLoopOptions {
  /** The URL to which alerts are posted. */
  readonly url: string;
  /** Closed with the loop. */
  readonly client: HttpClient;
  /** Maximum time of one request. */
  readonly timeoutMs: number;
  readonly queue: AlertLimits;
  readonly metrics: NotifierMetrics;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * A queue and the loop that sends it in batches, one request at a time. A batch that fails is dropped and not sent again:
 * rules send the alerts that are still firing after the resend delay.
 */
export class SendLoop {
  readonly #options: SendLoopOptions;
  readonly #queue: AlertQueue;
  readonly #cancellation = new Cancellation();
  #state: 'held' | 'started' | 'stopping' = 'held';
  /** True while a batch is being sent. */
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: SendLoopOptions) {
    this.#options = options;
    this.#queue = new AlertQueue(options.queue);
    options.metrics.added(options.url);
  }

  /** Queues alerts. The oldest alerts of a full queue are dropped. Ignored after `stop`. */
  add(alerts: readonly OutgoingAlert[]): void {
    if (this.#state === 'stopping') return;
    const { metrics, url } = this.#options;
    const dropped = this.#queue.add(alerts);
    metrics.queued(url, alerts.length - dropped);
    if (dropped > 0) this.#drop(dropped, 'alert queue full; dropping the oldest alerts');
    this.#wake();
  }

  /** Starts to send. */
  start(): void {
    if (this.#state !== 'held') return;
    this.#state = 'started';
    this.#wake();
  }

  /**
   * Sends the queued alerts, for up to `drainMs`; the others are dropped. Resolves when all connections are closed. Further
   * calls are ignored.
   */
  async stop(drainMs: number): Promise<void> {
    if (this.#state === 'stopping') return;
    const { timers, metrics, url, client } = this.#options;
    this.#state = 'stopping';
    if (this.#isSending) {
      const cancel = timers.schedule(drainMs, () => {
        this.#cancellation.abort(undefined);
      });
      await this.#sending;
      cancel();
    }
    const left = this.#queue.clear();
    metrics.queued(url, -left);
    if (left > 0) this.#drop(left, 'notifier closed; dropping queued alerts');
    metrics.removed(url);
    await client.close();
  }

  #wake(): void {
    if (this.#state === 'held' || this.#isSending || this.#queue.length === 0) return;
    this.#isSending = true;
    this.#sending = this.#sendAll();
  }

  /** Sends batches until the queue is empty. Never rejects. */
  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#cancellation.aborted) {
      const taken = this.#queue.take(BATCH_LIMITS);
      this.#options.metrics.queued(this.#options.url, -taken.length);
      const batch = taken.filter(({ lease }) => lease?.isHeld !== false);
      const lost = taken.length - batch.length;
      if (lost > 0) this.#drop(lost, 'alerts dropped: the lease of their rule group has ended');
      if (batch.length > 0) await this.#send(batch);
    }
    this.#isSending = false;
  }

  async #send(batch: readonly OutgoingAlert[]): Promise<void> {
    const { url, metrics, timers } = this.#options;
    const startMs = timers.now();
    const problem = await this.#tryPost(batch);
    if (problem === undefined) {
      metrics.sent(url, batch.length, timers.now() - startMs);
      return;
    }
    metrics.failed(url, batch.length);
    this.#drop(batch.length, 'sending alerts failed', { reason: problem });
  }

  /** Returns the reason of a failure. */
  async #tryPost(batch: readonly OutgoingAlert[]): Promise<string | undefined> {
    const { client, timeoutMs } = this.#options;
    const cancellation = new Cancellation();
    const cancel = (): void => {
      cancellation.abort(undefined);
    };
    this.#cancellation.addEventListener('abort', cancel);
    // A request may wait for a connection, and continue after any time when the process was suspended.
    const leases = new Set(batch.flatMap(({ lease }) => lease ?? []));
    const removers = Array.from(leases, (lease) => lease.onEnd(cancel));
    try {
      const request = { headers: HEADERS, body: alertsJson(batch), timeoutMs, signal: cancellation };
      const { status, text } = await client.send(request);
      if (status >= 200 && status < 300) return undefined;
      return `HTTP ${status}${text === '' ? '' : `: ${text}`}`;
    } catch (thrown) {
      return asPromfedError(thrown).message;
    } finally {
      this.#cancellation.removeEventListener('abort', cancel);
      for (const remove of removers) remove();
    }
  }

  #drop(alerts: number, message: string, fields: object = {}): void {
    const { url, metrics, log } = this.#options;
    metrics.dropped(url, alerts);
    log.warn({ alertmanager: url, alerts, ...fields }, message);
  }
}
