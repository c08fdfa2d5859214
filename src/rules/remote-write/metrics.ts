// The port for metrics of remote write. telemetry implements it, with Prometheus' names.

/** Numbers of float samples, stale markers included, and of native histograms. */
export interface SampleCounts {
  readonly samples: number;
  readonly histograms: number;
}

/** Reasons for which samples are not sent. The first three are Prometheus'. */
export type DropReason =
  /** Dropped by `write_relabel_configs`. */
  | 'dropped_series'
  /** Older than `sample_age_limit`. */
  | 'too_old'
  /** A native histogram with custom buckets, in version 1.0 of the protocol. */
  | 'nhcb_in_rw1_not_supported'
  /** The queue is full. */
  | 'queue_full'
  /** A sample that alone exceeds the maximum size of a request. */
  | 'too_large'
  /** A native histogram, and `send_native_histograms` is false. */
  | 'native_histograms_not_sent'
  /** Appended after the queue was closed. */
  | 'closed';

export interface RemoteWriteMetrics {
  /**
   * Adds a queue. Names are unique.
   *
   * @param url without secrets.
   */
  addQueue(name: string, url: string): QueueMetrics;
}

/** Observes one queue. Methods do not throw. Times are in milliseconds since the epoch. */
export interface QueueMetrics {
  limits(limits: QueueLimits): void;
  /** Samples were added to the queue. */
  enqueued(highestTimeMs: number): void;
  /** Current contents of the queue, requests in progress included. A restart would lose them. */
  pending(counts: SampleCounts): void;
  /** @param desired computed number of shards, which may be fractional and beyond the limits. */
  shards(current: number, desired: number): void;
  /** A request was started. Each attempt counts. */
  attempted(counts: SampleCounts): void;
  /** A request has ended, with or without success. */
  requestEnded(durationMs: number): void;
  /** A request failed and its samples will be sent again. */
  retried(counts: SampleCounts): void;
  /** The receiver accepted a request, or a part of it. @param bytes size of its compressed body. */
  sent(bytes: number, highestTimeMs: number): void;
  /** Samples were refused by the receiver, or not sent before the end of the process. */
  failed(counts: SampleCounts): void;
  dropped(counts: SampleCounts, reason: DropReason): void;
  /** Removes the queue from the metrics. Later observations are ignored. */
  remove(): void;
}

export interface QueueLimits {
  readonly minShards: number;
  readonly maxShards: number;
  readonly shardCapacity: number;
  readonly maxSamplesPerSend: number;
}

const NO_QUEUE_METRICS: QueueMetrics = {
  limits: () => undefined,
  enqueued: () => undefined,
  pending: () => undefined,
  shards: () => undefined,
  attempted: () => undefined,
  requestEnded: () => undefined,
  retried: () => undefined,
  sent: () => undefined,
  failed: () => undefined,
  dropped: () => undefined,
  remove: () => undefined,
};

/** Observes nothing. */
export const NO_REMOTE_WRITE_METRICS: RemoteWriteMetrics = { addQueue: () => NO_QUEUE_METRICS };
