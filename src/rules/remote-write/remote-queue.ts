// The queue of one receiver.

import type { RemoteWriteSettings } from '../../config/index.js';
import type { Labels, Relabeler } from '../../model/index.js';
import { Cancellation, type Log, type Timers } from '../../runtime/index.js';
import type { HttpClient } from '../../upstreams/index.js';
import type { OutgoingSample } from '../ports.js';
import { BatchSender } from './batch-sender.js';
import { Inbox, type Slice } from './inbox.js';
import type { JournalEntry, Receiver, SampleJournal, SavedSamples } from './journal/journal.js';
import { LogLimiter } from './log-limiter.js';
import type { DropReason, QueueMetrics } from './metrics.js';
import { PendingSamples } from './pending-samples.js';
import { countSamples, sampleBytes, type QueuedSample } from './queued-sample.js';
import { SeriesCache } from './series-cache.js';
import { Shard } from './shard.js';
import { SHARD_UPDATE_MS, ShardCount } from './shard-count.js';
import { sleep } from './sleep.js';

/** Maximum size of a request before compression. */
const MAX_REQUEST_BYTES = 32 << 20;

export interface RemoteQueueOptions {
  readonly settings: RemoteWriteSettings;
  readonly externalLabels: Labels;
  /** The compiled `write_relabel_configs`. */
  readonly relabeler: Relabeler;
  /** Owned by the queue. */
  readonly client: HttpClient;
  readonly journal: SampleJournal;
  /** The receiver, for the journal. */
  readonly receiver: Receiver;
  /** Limit of the estimated memory of queued samples. */
  readonly maxBytes: number;
  readonly metrics: QueueMetrics;
  readonly timers: Timers;
  readonly log: Log;
}

/** Accepts samples without blocking and sends them in the background. */
export class RemoteQueue {
  readonly settings: RemoteWriteSettings;
  readonly #options: RemoteQueueOptions;
  readonly #series: SeriesCache;
  readonly #pending: PendingSamples;
  readonly #sender: BatchSender;
  readonly #shardCount: ShardCount;
  readonly #limiter: LogLimiter;
  readonly #stop = new Cancellation();
  #shards: readonly Shard[];
  readonly #inbox = new Inbox((slice) => {
    this.#queueSlice(slice);
  });
  #isResharding = false;
  /** Number of calls of `flush` that wait. */
  #flushes = 0;
  #isStopping = false;
  #isClosed = false;
  #cancelUpdate: () => void;

  constructor(options: RemoteQueueOptions) {
    const { settings, maxBytes, metrics, timers } = options;
    const { queue } = settings;
    this.settings = settings;
    this.#options = options;
    this.#series = new SeriesCache(options);
    this.#pending = new PendingSamples({ maxSamples: queue.capacity * queue.maxShards, maxBytes }, metrics);
    this.#limiter = new LogLimiter(timers);
    this.#sender = new BatchSender({ ...options, limiter: this.#limiter });
    this.#shardCount = new ShardCount(queue);
    this.#shards = this.#createShards(queue.minShards);
    this.#cancelUpdate = this.#scheduleUpdate();
    metrics.limits({
      minShards: queue.minShards,
      maxShards: queue.maxShards,
      shardCapacity: queue.capacity,
      maxSamplesPerSend: queue.maxSamplesPerSend,
    });
    metrics.shards(queue.minShards, queue.minShards);
    this.#pending.report();
  }

  /** Number of samples that are queued or being sent. */
  get pending(): number {
    return this.#pending.total + this.#inbox.size;
  }

  /** Queues samples. Samples that do not fit are dropped and counted. */
  append(samples: readonly OutgoingSample[]): void {
    const { capacity, maxShards } = this.settings.queue;
    const room = Math.max(0, capacity * maxShards - this.pending);
    this.#inbox.add({ samples: samples.slice(0, room), entry: undefined });
    if (samples.length > room) this.#countDropped('queue_full', samples.slice(room));
  }

  /** Queues samples that the journal contains. */
  restore(saved: readonly SavedSamples[]): void {
    for (const slice of saved) this.#inbox.add(slice);
  }

  #queueSlice({ samples, entry }: Slice): void {
    const { journal, receiver, metrics } = this.#options;
    const target = entry ?? journal.begin();
    const queued: OutgoingSample[] = [];
    const dropped = new Map<DropReason, OutgoingSample[]>();
    for (const sample of samples) {
      const reason = this.#enqueue(sample, target);
      if (reason === undefined) queued.push(sample);
      else if (dropped.has(reason)) dropped.get(reason)!.push(sample);
      else dropped.set(reason, [sample]);
    }
    if (entry === undefined) journal.save(target, receiver, queued);
    else journal.done(entry, samples.length - queued.length);
    for (const [reason, list] of dropped) this.#countDropped(reason, list);
    if (queued.length === 0) return;
    this.#shardCount.enqueued(queued.length);
    metrics.enqueued(queued.reduce((highest, { timeMs }) => Math.max(highest, timeMs), -Infinity));
    this.#pending.report();
  }

  /**
   * Sends everything without waiting for full batches.
   *
   * @returns true when the queue is empty, false after `timeoutMs`.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    await this.#inbox.empty();
    this.#flushes++;
    for (const shard of this.#shards) shard.flush();
    const timeout = new Cancellation();
    await Promise.race([this.#pending.empty(), sleep(this.#options.timers, timeoutMs, timeout)]);
    timeout.abort(undefined);
    this.#flushes--;
    return this.#pending.total === 0;
  }

  /**
   * Sends what is queued for at most `timeoutMs`, and counts the rest as failed. Later samples are dropped.
   *
   * @param keepsUnsent true to leave the rest in the journal, if it is durable, instead.
   */
  async close(timeoutMs: number, keepsUnsent: boolean): Promise<void> {
    const { log, metrics, client, journal } = this.#options;
    this.#inbox.readAll();
    this.#isClosed = true;
    this.#cancelUpdate();
    for (const shard of this.#shards) shard.resume();
    const isEmpty = await this.flush(timeoutMs);
    const unsent = this.#pending.counts;
    await this.#abort();
    await client.close();
    if (isEmpty) return;
    const fields = { remote_name: this.settings.name, url: client.endpoint, ...unsent };
    if (keepsUnsent && journal.isDurable) {
      log.info(fields, 'remote write samples kept on disk');
      return;
    }
    for (const { entry } of this.#shards.flatMap((shard) => shard.takeAll())) journal.done(entry, 1);
    metrics.failed(unsent);
    log.error(fields, 'remote write queue closed before all samples were sent');
  }

  /**
   * Stops sending. Requests in progress end, unless they fail. The queue still accepts samples; `takeAll` follows.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelUpdate();
    await Promise.all(this.#shards.map((shard) => shard.pause()));
    await this.#abort();
  }

  /** Closes a stopped queue and returns the samples that were not sent, in the order of each series. */
  takeAll(): readonly SavedSamples[] {
    this.#inbox.readAll();
    this.#isClosed = true;
    void this.#options.client.close();
    const byEntry = new Map<JournalEntry, OutgoingSample[]>();
    for (const sample of this.#shards.flatMap((shard) => shard.takeAll())) {
      const others = byEntry.get(sample.entry);
      if (others === undefined) byEntry.set(sample.entry, [outgoingSample(sample)]);
      else others.push(outgoingSample(sample));
    }
    return Array.from(byEntry, ([entry, samples]) => ({ entry, samples }));
  }

  /** Cancels the requests in progress. Their samples are queued again. */
  async #abort(): Promise<void> {
    for (const shard of this.#shards) void shard.pause();
    this.#stop.abort(undefined);
    await Promise.all(this.#shards.map((shard) => shard.idle()));
  }

  /** Returns the reason for which the sample is dropped; undefined when it is queued. */
  #enqueue({ labels, timeMs, value, isStale }: OutgoingSample, entry: JournalEntry): DropReason | undefined {
    if (this.#isClosed) return 'closed';
    const { sendNativeHistograms, queue } = this.settings;
    if (typeof value === 'object' && !isStale && !sendNativeHistograms) return 'native_histograms_not_sent';
    const { sampleAgeLimitMs } = queue;
    if (sampleAgeLimitMs > 0 && timeMs < this.#options.timers.now() - sampleAgeLimitMs) return 'too_old';
    const series = this.#series.tryGet(labels);
    if (series === undefined) return 'dropped_series';
    const sample: QueuedSample = {
      series,
      timeMs: Math.round(timeMs),
      value: isStale ? 'stale' : value,
      entry,
    };
    if (series.bytes + sampleBytes(sample.value) > MAX_REQUEST_BYTES) return 'too_large';
    if (!this.#pending.tryAdd(sample)) return 'queue_full';
    this.#shardOf(sample).enqueue(sample);
    return undefined;
  }

  #shardOf({ series }: QueuedSample): Shard {
    return this.#shards[series.hash % this.#shards.length]!;
  }

  #countDropped(reason: DropReason, dropped: readonly OutgoingSample[]): void {
    const { metrics, log, client } = this.#options;
    const histograms = dropped.filter(({ value, isStale }) => typeof value === 'object' && !isStale).length;
    const counts = { samples: dropped.length - histograms, histograms };
    metrics.dropped(counts, reason);
    // Configured, or a consequence of a shutdown.
    if (reason === 'dropped_series' || reason === 'native_histograms_not_sent' || reason === 'closed') return;
    this.#limiter.limit(`dropped: ${reason}`, (suppressed) => {
      log.warn(
        { remote_name: this.settings.name, url: client.endpoint, ...counts, reason, suppressed },
        'remote write samples dropped',
      );
    });
  }

  #createShards(count: number): readonly Shard[] {
    const { queue } = this.settings;
    const { timers } = this.#options;
    return Array.from(
      { length: count },
      () =>
        new Shard({
          maxSamples: queue.maxSamplesPerSend,
          maxBytes: MAX_REQUEST_BYTES,
          deadlineMs: queue.batchSendDeadlineMs,
          timers,
          send: (batch, onRetry) => this.#send(batch, onRetry),
        }),
    );
  }

  async #send(batch: readonly QueuedSample[], onRetry: () => void): Promise<readonly QueuedSample[]> {
    const { timers, log, metrics } = this.#options;
    const startMs = timers.now();
    let unsent: readonly QueuedSample[] = [];
    try {
      unsent = await this.#sender.send(batch, this.#stop, { retrying: onRetry });
    } catch (thrown) {
      // A defect of promfed, such as a sample that cannot be encoded. The queue must not stop.
      metrics.failed(countSamples(batch));
      log.error({ remote_name: this.settings.name, err: thrown }, 'remote write batch could not be sent');
    }
    const left = new Set(unsent);
    const done = left.size === 0 ? batch : batch.filter((sample) => !left.has(sample));
    this.#shardCount.sent(done.length, timers.now() - startMs);
    this.#pending.remove(done);
    for (const { entry } of done) this.#options.journal.done(entry, 1);
    return unsent;
  }

  #scheduleUpdate(): () => void {
    return this.#options.timers.schedule(SHARD_UPDATE_MS, () => {
      this.#cancelUpdate = this.#scheduleUpdate();
      const current = this.#shards.length;
      const { desired, shards } = this.#shardCount.update(current, this.#pending.total);
      this.#options.metrics.shards(current, desired);
      if (shards !== current && !this.#isResharding) void this.#reshard(shards);
    });
  }

  /** Changes the number of shards, unless a request fails: more shards do not help a receiver that is down. */
  async #reshard(count: number): Promise<void> {
    if (this.#shards.some(({ isRetrying }) => isRetrying)) return;
    this.#isResharding = true;
    const old = this.#shards;
    // Samples of one series must not be in two shards: the requests in progress end first.
    const areIdle = await Promise.all(old.map((shard) => shard.pause()));
    this.#isResharding = false;
    if (this.#isStopping || this.#isClosed) return;
    if (!areIdle.every(Boolean)) {
      for (const shard of old) shard.resume();
      return;
    }
    this.#shards = this.#createShards(count);
    for (const sample of old.flatMap((shard) => shard.takeAll())) this.#shardOf(sample).enqueue(sample);
    if (this.#flushes > 0) for (const shard of this.#shards) shard.flush();
    this.#options.metrics.shards(count, count);
  }
}

function outgoingSample({ series, timeMs, value }: QueuedSample): OutgoingSample {
  const isStale = value === 'stale';
  return { labels: series.source, timeMs, value: isStale ? NaN : value, isStale };
}
