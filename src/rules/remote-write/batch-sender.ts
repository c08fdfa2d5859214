// Sends batches: attempts with backoff, fallback to version 1.0, and splitting of refused batches.

import type { RemoteWriteSettings } from '../../config/index.js';
import { asPromfedError, usesCustomBuckets, type StopSignal } from '../../model/index.js';
import type { Log, Timers } from '../../runtime/index.js';
import type { HttpClient, HttpClientResponse } from '../../upstreams/index.js';
import { encodeRequest, type EncodedRequest, type Protocol } from './encoding/encode-request.js';
import type { LogLimiter } from './log-limiter.js';
import type { DropReason, QueueMetrics, SampleCounts } from './metrics.js';
import { outcomeOf, mayAcceptParts, type Outcome } from './outcome.js';
import { countSamples, groupBySeries, highestTimeMs, type QueuedSample } from './queued-sample.js';
import { sleep } from './sleep.js';
import { TokenBucket } from './token-bucket.js';

/**
 * Limits of splits. One refused sample of 2,000 needs eleven. A batch that was received before a restart needs as many
 * as it has samples.
 */
const MAX_SPLITS = 2000;
const SPLITS_PER_SECOND = 10;

export interface BatchSenderOptions {
  readonly settings: RemoteWriteSettings;
  readonly client: Pick<HttpClient, 'send' | 'endpoint'>;
  readonly metrics: QueueMetrics;
  readonly timers: Timers;
  readonly log: Log;
  readonly limiter: LogLimiter;
}

/** Observes the progress of a batch. */
export interface SendObserver {
  /** A request failed; the next attempt follows after a delay. */
  retrying(): void;
}

/** The result of one attempt. */
interface Attempt {
  readonly outcome: Outcome;
  /** Undefined when there was no response. */
  readonly response: HttpClientResponse | undefined;
  /** Constant text for logs: status or kind of failure. */
  readonly reason: string;
  readonly message: string;
}

/** Sends the batches of one queue. Several batches can be sent at the same time. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  /** Falls back to 1.0 for all batches. */
  #protocol: Protocol;
  readonly #splits: TokenBucket;

  constructor(options: BatchSenderOptions) {
    this.#options = options;
    this.#splits = new TokenBucket(MAX_SPLITS, SPLITS_PER_SECOND, options.timers);
    this.#protocol = options.settings.protocol;
  }

  /**
   * Sends a batch until the receiver has accepted or refused its samples, or they are too old. Failures are counted and
   * logged.
   *
   * @returns the samples that are neither accepted nor refused, after the signal; otherwise none.
   */
  async send(
    batch: readonly QueuedSample[],
    signal: StopSignal,
    observer: SendObserver,
  ): Promise<readonly QueuedSample[]> {
    const parts: (readonly QueuedSample[])[] = [batch];
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const result = await this.#sendPart(part, signal, observer);
      if (result.kind === 'stopped') return [result.unsent, ...parts].flat();
      if (result.kind === 'split') for (const half of result.halves.toReversed()) parts.unshift(half);
    }
    return [];
  }

  async #sendPart(
    part: readonly QueuedSample[],
    signal: StopSignal,
    observer: SendObserver,
  ): Promise<PartResult> {
    const { timers, metrics, settings } = this.#options;
    const { minBackoffMs, maxBackoffMs } = settings.queue;
    let samples = part;
    let request: EncodedRequest | undefined;
    let backoffMs = minBackoffMs;
    for (let attempt = 0; ; attempt++) {
      if (isStopped(signal)) return { kind: 'stopped', unsent: samples };
      const sendable = this.#withoutUnsendable(samples);
      if (sendable.length === 0) return { kind: 'done' };
      if (sendable !== samples || request?.protocol !== this.#protocol) {
        samples = sendable;
        request = await encodeRequest(this.#protocol, groupBySeries(samples));
      }
      const counts = countSamples(samples);
      metrics.attempted(counts);
      const result = await this.#attempt(request, attempt, signal);
      const { outcome } = result;
      switch (outcome.kind) {
        case 'accepted':
          metrics.sent(request.body.length, highestTimeMs(samples));
          this.#countUnwritten(counts, outcome.written);
          return { kind: 'done' };
        case 'refused': {
          const halves = halvesOf(result, samples);
          if (halves !== undefined && this.#splits.tryTake()) return { kind: 'split', halves };
          this.#refuse(counts, outcome.written, result);
          return { kind: 'done' };
        }
        case 'unsupported':
          metrics.retried(counts);
          this.#fallBack(result);
          break;
        case 'retry': {
          if (isStopped(signal)) return { kind: 'stopped', unsent: samples };
          // A delay below the backoff, between a half and the whole, so that clients spread out over time.
          const delayMs = outcome.delayMs ?? backoffMs * (0.5 + timers.random() / 2);
          this.#logRetry(result, delayMs);
          observer.retrying();
          await sleep(timers, delayMs, signal);
          metrics.retried(counts);
          backoffMs = Math.min((outcome.delayMs ?? backoffMs) * 2, maxBackoffMs);
        }
      }
    }
  }

  async #attempt(request: EncodedRequest, attempt: number, signal: StopSignal): Promise<Attempt> {
    const { client, timers, metrics, settings } = this.#options;
    const startMs = timers.now();
    try {
      const response = await client.send({
        headers: attempt === 0 ? request.headers : [...request.headers, 'retry-attempt', String(attempt)],
        body: request.body,
        timeoutMs: settings.timeoutMs,
        signal,
      });
      const outcome = outcomeOf(response, {
        protocol: request.protocol,
        retryOnRateLimit: settings.queue.retryOnRateLimit,
        nowMs: timers.now(),
      });
      return { outcome, response, reason: `status ${response.status}`, message: response.text };
    } catch (thrown) {
      const { code, message } = asPromfedError(thrown);
      return { outcome: { kind: 'retry', delayMs: undefined }, response: undefined, reason: code, message };
    } finally {
      metrics.requestEnded(timers.now() - startMs);
    }
  }

  /** Drops and counts samples that cannot be sent now. Returns the same array when there are none. */
  #withoutUnsendable(samples: readonly QueuedSample[]): readonly QueuedSample[] {
    const { settings, timers } = this.#options;
    const { sampleAgeLimitMs } = settings.queue;
    const oldestMs = sampleAgeLimitMs === 0 ? -Infinity : timers.now() - sampleAgeLimitMs;
    const young = this.#drop(samples, 'too_old', ({ timeMs }) => timeMs < oldestMs);
    if (this.#protocol === '2.0') return young;
    // VictoriaMetrics stores wrong buckets for them.
    return this.#drop(young, 'nhcb_in_rw1_not_supported', hasCustomBuckets);
  }

  #drop(
    samples: readonly QueuedSample[],
    reason: DropReason,
    isDropped: (sample: QueuedSample) => boolean,
  ): readonly QueuedSample[] {
    const dropped = samples.filter(isDropped);
    if (dropped.length === 0) return samples;
    this.#options.metrics.dropped(countSamples(dropped), reason);
    return samples.filter((sample) => !isDropped(sample));
  }

  /** Counts the samples that a receiver did not write although it accepted the request. */
  #countUnwritten(counts: SampleCounts, written: SampleCounts | undefined): void {
    const failed = unwritten(counts, written ?? counts);
    if (failed.samples + failed.histograms === 0) return;
    this.#options.metrics.failed(failed);
    this.#log('not written', (fields) => {
      this.#options.log.error(
        { ...fields, ...failed },
        'remote write receiver accepted a request but did not write all samples',
      );
    });
  }

  #refuse(counts: SampleCounts, written: SampleCounts | undefined, { reason, message }: Attempt): void {
    const failed = unwritten(counts, written ?? { samples: 0, histograms: 0 });
    this.#options.metrics.failed(failed);
    this.#log(`refused: ${reason}`, (fields) => {
      this.#options.log.error(
        { ...fields, ...failed, reason, response: message },
        'remote write receiver refused samples; dropping them',
      );
    });
  }

  #fallBack({ reason, message }: Attempt): void {
    if (this.#protocol === '1.0') return;
    this.#protocol = '1.0';
    const { log, settings, client } = this.#options;
    log.warn(
      { remote_name: settings.name, url: client.endpoint, reason, response: message },
      'remote write receiver does not support version 2.0; using version 1.0',
    );
  }

  #logRetry({ reason, message }: Attempt, delayMs: number): void {
    this.#log(`retry: ${reason}`, (fields) => {
      this.#options.log.warn(
        { ...fields, reason, response: message, delay_ms: Math.round(delayMs) },
        'remote write request failed; sending it again',
      );
    });
  }

  #log(kind: string, write: (fields: object) => void): void {
    const { limiter, settings, client } = this.#options;
    limiter.limit(kind, (suppressed) => {
      write({ remote_name: settings.name, url: client.endpoint, suppressed });
    });
  }
}

/** The result of one part of a batch. */
type PartResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'stopped'; readonly unsent: readonly QueuedSample[] }
  | { readonly kind: 'split'; readonly halves: readonly (readonly QueuedSample[])[] };

/**
 * Splits the samples of a refused request whose parts may be accepted. The order of each series is kept.
 *
 * @returns undefined when parts would be refused as well, or there is one sample.
 */
function halvesOf(
  { outcome, response }: Attempt,
  samples: readonly QueuedSample[],
): readonly (readonly QueuedSample[])[] | undefined {
  // A receiver that reports what it has written has written the others.
  const isPartial = outcome.kind === 'refused' && outcome.written !== undefined;
  if (isPartial || response === undefined || samples.length < 2) return undefined;
  if (!mayAcceptParts(response)) return undefined;
  const middle = samples.length >> 1;
  return [samples.slice(0, middle), samples.slice(middle)];
}

function unwritten(sent: SampleCounts, written: SampleCounts): SampleCounts {
  return {
    samples: Math.max(0, sent.samples - written.samples),
    histograms: Math.max(0, sent.histograms - written.histograms),
  };
}

/** Reads the signal again: it changes while a request is in progress. */
function isStopped(signal: StopSignal): boolean {
  return signal.aborted;
}

function hasCustomBuckets({ value }: QueuedSample): boolean {
  return typeof value === 'object' && usesCustomBuckets(value);
}
