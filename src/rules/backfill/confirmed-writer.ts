// Remote write that waits for the receivers: no sample is dropped because a queue is full or a receiver is down.

import type { RemoteWriteSettings } from '../../config/index.js';
import { minOf, type Labels, printDuration, PromfedError, type StopSignal } from '../../model/index.js';
import { NO_LOG, type Log, type Timers } from '../../runtime/index.js';
import type { HttpClient, HttpClientOptions } from '../../upstreams/index.js';
import type { OutgoingSample } from '../ports.js';
import {
  createRemoteWriter,
  type DropReason,
  type QueueMetrics,
  type RemoteWriteMetrics,
  type RemoteWriter,
  type SampleCounts,
} from '../remote-write/index.js';

export interface ConfirmedWriterOptions {
  readonly externalLabels: Labels;
  readonly version: string;
  readonly timers: Timers;
  /** Called with a warning of a queue: a receiver does not answer, for example. */
  readonly onWarning: (text: string) => void;
  /** Default: HTTP. */
  readonly createClient?: (options: HttpClientOptions) => HttpClient;
}

/** Upper bound on the samples that are queued at once. */
const MAX_PORTION = 50_000;
/** Interval at which a refusal or the end of the backfill is noticed. */
const CHECK_MS = 200;
/** After the signal, a write in progress has this number of intervals to end, so that it need not be repeated. */
const CHECKS_AFTER_SIGNAL = 25;

/** Samples that are not sent as configured: this is not a failure. */
const CONFIGURED: ReadonlySet<DropReason> = new Set(['dropped_series', 'native_histograms_not_sent']);

/** Writes samples to all receivers. A 5xx, a 429 or a failed connection is retried without an end. */
export class ConfirmedWriter {
  readonly #writer: RemoteWriter;
  readonly #timers: Timers;
  readonly #portion: number;
  readonly #outcome = new WriteOutcome();

  constructor(settings: readonly RemoteWriteSettings[], options: ConfirmedWriterOptions) {
    const { externalLabels, version, timers, createClient, onWarning } = options;
    this.#timers = timers;
    this.#portion = Math.min(
      MAX_PORTION,
      minOf(settings.map(({ queue: { capacity, maxShards } }) => capacity * maxShards)),
    );
    this.#writer = createRemoteWriter(settings.map(withoutLimits), {
      externalLabels,
      version,
      background: { timers, log: this.#outcome.log(onWarning) },
      metrics: this.#outcome.metrics,
      maxQueueBytes: Infinity,
      drainMs: 0,
      ...(createClient && { createClient }),
    });
  }

  /**
   * Resolves when every receiver has accepted the samples.
   *
   * @returns the number of samples that are not sent, by reason, because of the configuration.
   * @throws PromfedError `rejected` when a receiver refused samples, `canceled` after the signal. Some samples may have
   *   been accepted.
   */
  async write(
    samples: readonly OutgoingSample[],
    signal: StopSignal,
  ): Promise<ReadonlyMap<DropReason, number>> {
    const omitted = this.#outcome.start();
    for (let i = 0; i < samples.length; i += this.#portion) {
      this.#writer.append(samples.slice(i, i + this.#portion));
      let checksLeft = CHECKS_AFTER_SIGNAL;
      while (!(await this.#writer.flush(CHECK_MS))) {
        this.#outcome.check(this.#ageMs(samples));
        if (signal.aborted && checksLeft-- === 0) throw new PromfedError('canceled', 'interrupted');
      }
      this.#outcome.check(this.#ageMs(samples));
    }
    return omitted;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  #ageMs(samples: readonly OutgoingSample[]): number {
    return this.#timers.now() - (samples[0]?.timeMs ?? 0);
  }
}

/** Settings under which no sample is dropped: neither because it is old, nor because the receiver is busy. */
function withoutLimits(settings: RemoteWriteSettings): RemoteWriteSettings {
  const queue = { ...settings.queue, retryOnRateLimit: true, sampleAgeLimitMs: 0 };
  return { ...settings, queue };
}

/** Observes the queues. */
class WriteOutcome {
  #omitted = new Map<DropReason, number>();
  /** The name of the first receiver that refused samples. */
  #refused: string | undefined;
  /** The reason of the first refusal, as the queue logs it. */
  #reason = '';

  start(): ReadonlyMap<DropReason, number> {
    this.#omitted = new Map();
    return this.#omitted;
  }

  /** @param ageMs age of the samples. @throws PromfedError `rejected` when samples were refused. */
  check(ageMs: number): void {
    if (this.#refused === undefined) return;
    const receiver = this.#refused;
    const reason = this.#reason === '' ? 'no reason given' : this.#reason;
    throw new PromfedError(
      'rejected',
      `remote write "${receiver}" refused samples: ${reason}${hintFor(reason, ageMs)}`,
    );
  }

  readonly metrics: RemoteWriteMetrics = {
    addQueue: (name): QueueMetrics => ({
      limits: () => undefined,
      enqueued: () => undefined,
      pending: () => undefined,
      shards: () => undefined,
      attempted: () => undefined,
      requestEnded: () => undefined,
      retried: () => undefined,
      sent: () => undefined,
      failed: (counts) => {
        this.#refuse(name, counts);
      },
      dropped: (counts, reason) => {
        if (CONFIGURED.has(reason)) {
          this.#omitted.set(reason, (this.#omitted.get(reason) ?? 0) + totalOf(counts));
          return;
        }
        this.#reason ||= reason;
        this.#refuse(name, counts);
      },
      remove: () => undefined,
    }),
  };

  /** The queue's log. Its fields have the responses of the receivers. */
  log(onWarning: (text: string) => void): Log {
    return {
      ...NO_LOG,
      warn: (fields, message) => {
        const text = textOf(fields);
        if (text !== '') onWarning(`${message}: ${text}`);
      },
      error: (fields) => {
        this.#reason ||= textOf(fields);
      },
    };
  }

  #refuse(receiver: string, counts: SampleCounts): void {
    if (totalOf(counts) > 0) this.#refused ??= receiver;
  }
}

function totalOf({ samples, histograms }: SampleCounts): number {
  return samples + histograms;
}

function textOf(fields: object): string {
  const { url, reason, response } = fields as Readonly<Record<string, unknown>>;
  const parts = [url, reason, response].filter((part) => typeof part === 'string' && part !== '');
  return reason === undefined ? '' : parts.join(': ').trim();
}

const HOUR_MS = 3_600_000;

function hintFor(reason: string, ageMs: number): string {
  if (!/out[ -]of[ -](?:order|bounds)|too[ -]old/i.test(reason)) return '';
  const window = printDuration((Math.ceil(ageMs / HOUR_MS) + 1) * HOUR_MS);
  return `; a Prometheus accepts samples of the past within storage.tsdb.out_of_order_time_window only: set it to ${window} or more`;
}
