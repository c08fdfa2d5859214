// Metrics of remote write as numbers.

import type {
  QueueMetrics,
  RemoteWriteMetrics,
  SampleCounts,
} from '../../../src/rules/remote-write/index.js';

/** Adds up the observations of the queue that was added last. */
export class RecordingMetrics implements RemoteWriteMetrics {
  readonly names: string[] = [];
  readonly removed: string[] = [];
  attempted = 0;
  retried = 0;
  failed = 0;
  pending = 0;
  bytes = 0;
  shards = 0;
  highestSentMs = 0;
  readonly dropped: Record<string, number> = {};

  addQueue(name: string, url: string): QueueMetrics {
    const key = `${name} ${url}`;
    this.names.push(key);
    const total = ({ samples, histograms }: SampleCounts): number => samples + histograms;
    return {
      limits: () => undefined,
      enqueued: () => undefined,
      pending: (counts) => (this.pending = total(counts)),
      shards: (current) => (this.shards = current),
      attempted: (counts) => (this.attempted += total(counts)),
      requestEnded: () => undefined,
      retried: (counts) => (this.retried += total(counts)),
      sent: (bytes, highestTimeMs) => {
        this.bytes += bytes;
        this.highestSentMs = highestTimeMs;
      },
      failed: (counts) => (this.failed += total(counts)),
      dropped: (counts, reason) => (this.dropped[reason] = (this.dropped[reason] ?? 0) + total(counts)),
      remove: () => this.removed.push(key),
    };
  }
}
