// Metrics of remote write, with Prometheus' names. Source: Prometheus, storage/remote/queue_manager.go and write.go.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { QueueLimits, QueueMetrics, RemoteWriteMetrics, SampleCounts } from '../rules/index.js';

/** Upper bounds of the buckets of requests, in seconds: the defaults of Prometheus' client library, and more. */
const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300];

const PREFIX = 'prometheus_remote_storage_';
const QUEUE_LABELS = ['remote_name', 'url'] as const;

export function addRemoteWriteMetrics(registers: Registry[]): RemoteWriteMetrics {
  const families = createFamilies(registers);
  return { addQueue: (name, url) => new QueueChildren(families, name, url) };
}

/** Names without the prefix, and help texts. */
type Table = Readonly<Record<string, readonly [name: string, help: string]>>;

const COUNTERS = {
  samples: ['samples_total', 'Samples sent to the receiver. Every attempt counts.'],
  histograms: ['histograms_total', 'Native histograms sent to the receiver. Every attempt counts.'],
  failedSamples: ['samples_failed_total', 'Samples that the receiver refused.'],
  failedHistograms: ['histograms_failed_total', 'Native histograms that the receiver refused.'],
  retriedSamples: ['samples_retried_total', 'Samples sent again after a failed request.'],
  retriedHistograms: ['histograms_retried_total', 'Native histograms sent again after a failed request.'],
  bytes: ['bytes_total', 'Bytes of accepted requests after compression.'],
} as const satisfies Table;

const REASON_COUNTERS = {
  droppedSamples: ['samples_dropped_total', 'Samples that were not sent, by reason.'],
  droppedHistograms: ['histograms_dropped_total', 'Native histograms that were not sent, by reason.'],
} as const satisfies Table;

const GAUGES = {
  pendingSamples: ['samples_pending', 'Samples in the queue. A restart would lose them.'],
  pendingHistograms: ['histograms_pending', 'Native histograms in the queue. A restart would lose them.'],
  shards: ['shards', 'Shards that send in parallel.'],
  minShards: ['shards_min', 'Minimum number of shards.'],
  maxShards: ['shards_max', 'Maximum number of shards.'],
  desiredShards: ['shards_desired', 'Number of shards computed from the rates of samples.'],
  shardCapacity: ['shard_capacity', 'Number of samples that each shard can queue.'],
  maxSamplesPerSend: ['max_samples_per_send', 'Maximum number of samples of one request.'],
} as const satisfies Table;

const TIMES = {
  highestQueuedTime: [
    'queue_highest_timestamp_seconds',
    'Highest timestamp of a queued sample, in seconds since the epoch.',
  ],
  highestSentTime: [
    'queue_highest_sent_timestamp_seconds',
    'Highest timestamp of an accepted sample, in seconds since the epoch.',
  ],
} as const satisfies Table;

interface Families {
  readonly counters: Readonly<Record<keyof typeof COUNTERS, Counter>>;
  readonly reasonCounters: Readonly<Record<keyof typeof REASON_COUNTERS, Counter>>;
  readonly gauges: Readonly<Record<keyof typeof GAUGES | keyof typeof TIMES, Gauge>>;
  readonly seconds: Histogram;
  /** Over all queues. */
  readonly highestTime: Gauge;
}

function createFamilies(registers: Registry[]): Families {
  const labelNames = QUEUE_LABELS;
  const aggregator = 'max';
  return {
    counters: createAll(COUNTERS, (name, help) => new Counter({ name, help, labelNames, registers })),
    reasonCounters: createAll(
      REASON_COUNTERS,
      (name, help) => new Counter({ name, help, labelNames: [...labelNames, 'reason'], registers }),
    ),
    gauges: {
      ...createAll(GAUGES, (name, help) => new Gauge({ name, help, labelNames, registers })),
      ...createAll(TIMES, (name, help) => new Gauge({ name, help, labelNames, registers, aggregator })),
    },
    seconds: new Histogram({
      name: `${PREFIX}sent_batch_duration_seconds`,
      help: 'Time from sending a request to the end of its response.',
      labelNames,
      buckets: SECONDS_BUCKETS,
      registers,
    }),
    highestTime: new Gauge({
      name: `${PREFIX}highest_timestamp_in_seconds`,
      help: 'Highest timestamp of a sample for remote write, in seconds since the epoch.',
      registers,
      aggregator,
    }),
  };
}

function createAll<K extends string, T>(
  table: Readonly<Record<K, readonly [name: string, help: string]>>,
  create: (name: string, help: string) => T,
): Record<K, T> {
  const entries = Object.entries<readonly [string, string]>(table);
  return Object.fromEntries(
    entries.map(([key, [name, help]]) => [key, create(`${PREFIX}${name}`, help)]),
  ) as Record<K, T>;
}

/** The children of one queue. */
class QueueChildren implements QueueMetrics {
  readonly #families: Families;
  readonly #labels: { readonly remote_name: string; readonly url: string };
  /** Reasons for which samples were dropped. */
  readonly #reasons = new Set<string>();
  #highestQueuedMs = -Infinity;
  #highestSentMs = -Infinity;
  #isRemoved = false;

  constructor(families: Families, name: string, url: string) {
    this.#families = families;
    this.#labels = { remote_name: name, url };
    // Counters and times exist from the start: a rate does not include the first value of a counter.
    for (const counter of Object.values(families.counters)) counter.inc(this.#labels, 0);
    this.#set('highestQueuedTime', 0);
    this.#set('highestSentTime', 0);
  }

  limits({ minShards, maxShards, shardCapacity, maxSamplesPerSend }: QueueLimits): void {
    this.#set('minShards', minShards);
    this.#set('maxShards', maxShards);
    this.#set('shardCapacity', shardCapacity);
    this.#set('maxSamplesPerSend', maxSamplesPerSend);
  }

  enqueued(highestTimeMs: number): void {
    if (highestTimeMs <= this.#highestQueuedMs) return;
    this.#highestQueuedMs = highestTimeMs;
    const seconds = Math.floor(highestTimeMs / 1000);
    this.#set('highestQueuedTime', seconds);
    this.#families.highestTime.set(seconds);
  }

  pending({ samples, histograms }: SampleCounts): void {
    this.#set('pendingSamples', samples);
    this.#set('pendingHistograms', histograms);
  }

  shards(current: number, desired: number): void {
    this.#set('shards', current);
    this.#set('desiredShards', desired);
  }

  attempted({ samples, histograms }: SampleCounts): void {
    this.#add('samples', samples);
    this.#add('histograms', histograms);
  }

  requestEnded(durationMs: number): void {
    if (!this.#isRemoved) this.#families.seconds.observe(this.#labels, durationMs / 1000);
  }

  retried({ samples, histograms }: SampleCounts): void {
    this.#add('retriedSamples', samples);
    this.#add('retriedHistograms', histograms);
  }

  sent(bytes: number, highestTimeMs: number): void {
    this.#add('bytes', bytes);
    if (highestTimeMs <= this.#highestSentMs) return;
    this.#highestSentMs = highestTimeMs;
    this.#set('highestSentTime', Math.floor(highestTimeMs / 1000));
  }

  failed({ samples, histograms }: SampleCounts): void {
    this.#add('failedSamples', samples);
    this.#add('failedHistograms', histograms);
  }

  dropped({ samples, histograms }: SampleCounts, reason: string): void {
    if (this.#isRemoved) return;
    this.#reasons.add(reason);
    const { droppedSamples, droppedHistograms } = this.#families.reasonCounters;
    const labels = { ...this.#labels, reason };
    if (samples > 0) droppedSamples.inc(labels, samples);
    if (histograms > 0) droppedHistograms.inc(labels, histograms);
  }

  remove(): void {
    this.#isRemoved = true;
    const { counters, reasonCounters, gauges, seconds } = this.#families;
    for (const metric of [...Object.values(counters), ...Object.values(gauges), seconds]) {
      metric.remove(this.#labels);
    }
    for (const counter of Object.values(reasonCounters)) {
      for (const reason of this.#reasons) counter.remove({ ...this.#labels, reason });
    }
  }

  #set(name: keyof Families['gauges'], value: number): void {
    if (!this.#isRemoved) this.#families.gauges[name].set(this.#labels, value);
  }

  #add(name: keyof Families['counters'], amount: number): void {
    if (!this.#isRemoved) this.#families.counters[name].inc(this.#labels, amount);
  }
}
