// One part of a queue: samples in order, sent in one request at a time.

import type { Timers } from '../../runtime/index.js';
import { sampleBytes, type QueuedSample } from './queued-sample.js';

export interface ShardOptions {
  /** Maximum number of samples of one batch. */
  readonly maxSamples: number;
  /** Maximum size of one batch before compression; larger than every sample. */
  readonly maxBytes: number;
  /** Maximum time that a sample waits for a full batch. */
  readonly deadlineMs: number;
  readonly timers: Timers;
  /**
   * Sends a batch and returns the samples that are still to be sent. Does not reject.
   *
   * @param onRetry called when an attempt failed and another one follows.
   */
  readonly send: (batch: readonly QueuedSample[], onRetry: () => void) => Promise<readonly QueuedSample[]>;
}

/** Contains all samples of its series, so that samples of one series are sent in order. */
export class Shard {
  readonly #options: ShardOptions;
  /** The samples from `#first` on are queued. */
  #samples: QueuedSample[] = [];
  #first = 0;
  #bytes = 0;
  #isSending = false;
  #isRetrying = false;
  #isPaused = false;
  /** True until the queue is empty: batches are not filled up. */
  #isFlushing = false;
  #cancelDeadline: (() => void) | undefined;
  #pauseWaiters: ((isIdle: boolean) => void)[] = [];
  #idleWaiters: (() => void)[] = [];

  constructor(options: ShardOptions) {
    this.#options = options;
  }

  /** True while the last attempt to send a batch has failed. */
  get isRetrying(): boolean {
    return this.#isRetrying;
  }

  enqueue(sample: QueuedSample): void {
    this.#samples.push(sample);
    this.#bytes += bytesOf(sample);
    if (!this.#isSending) this.#sendOrWait();
  }

  /** Sends everything that is queued without waiting for full batches. */
  flush(): void {
    this.#isFlushing = true;
    if (!this.#isSending) this.#sendOrWait();
  }

  /**
   * Starts no further batch until `resume`. Resolves with true when no batch is in progress, and with false when the
   * batch in progress is sent again because of a failure.
   */
  pause(): Promise<boolean> {
    this.#isPaused = true;
    this.#stopWaiting();
    if (!this.#isSending) return Promise.resolve(true);
    if (this.#isRetrying) return Promise.resolve(false);
    return new Promise((resolve) => this.#pauseWaiters.push(resolve));
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isSending) this.#sendOrWait();
  }

  /** Resolves when no batch is in progress. */
  idle(): Promise<void> {
    if (!this.#isSending) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Removes and returns the queued samples in order, without the batch in progress. */
  takeAll(): readonly QueuedSample[] {
    const samples = this.#samples.slice(this.#first);
    this.#samples = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#stopWaiting();
    return samples;
  }

  get #length(): number {
    return this.#samples.length - this.#first;
  }

  #sendOrWait(): void {
    const { maxSamples, maxBytes, deadlineMs, timers } = this.#options;
    if (this.#length === 0) this.#isFlushing = false;
    if (this.#isPaused || this.#length === 0) return;
    if (this.#isFlushing || this.#length >= maxSamples || this.#bytes >= maxBytes) {
      void this.#send();
      return;
    }
    this.#cancelDeadline ??= timers.schedule(deadlineMs, () => {
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#stopWaiting();
    this.#isSending = true;
    const unsent = await this.#options.send(this.#takeBatch(), () => {
      this.#isRetrying = true;
      this.#answerPause(false);
    });
    this.#isSending = false;
    this.#isRetrying = false;
    if (unsent.length > 0) this.#putBack(unsent);
    this.#answerPause(true);
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
    this.#sendOrWait();
  }

  #takeBatch(): readonly QueuedSample[] {
    const { maxSamples, maxBytes } = this.#options;
    const batch: QueuedSample[] = [];
    let bytes = 0;
    while (batch.length < maxSamples && this.#length > 0) {
      const sample = this.#samples[this.#first]!;
      const size = bytesOf(sample);
      if (batch.length > 0 && bytes + size > maxBytes) break;
      batch.push(sample);
      bytes += size;
      this.#first++;
    }
    this.#bytes -= bytes;
    this.#compact();
    return batch;
  }

  #putBack(samples: readonly QueuedSample[]): void {
    this.#samples = [...samples, ...this.#samples.slice(this.#first)];
    this.#first = 0;
    for (const sample of samples) this.#bytes += bytesOf(sample);
  }

  /** Releases the samples that have been taken, when they are the greater part. */
  #compact(): void {
    if (this.#first * 2 < this.#samples.length) return;
    this.#samples = this.#samples.slice(this.#first);
    this.#first = 0;
  }

  #stopWaiting(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  #answerPause(isIdle: boolean): void {
    for (const resolve of this.#pauseWaiters.splice(0)) resolve(isIdle);
  }
}

/** Size in a request, as if each sample had its labels. */
function bytesOf({ series, value }: QueuedSample): number {
  return series.bytes + sampleBytes(value);
}
