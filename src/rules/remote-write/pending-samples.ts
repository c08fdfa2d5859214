// Counts the contents of a queue, within limits.

import type { QueueMetrics, SampleCounts } from './metrics.js';
import { sampleBytes, type QueuedSample, type QueuedSeries } from './queued-sample.js';

export interface PendingLimits {
  readonly maxSamples: number;
  /** Limit of the estimated memory: labels once for each series. */
  readonly maxBytes: number;
}

/** The samples that were added and neither sent nor dropped. */
export class PendingSamples {
  readonly #limits: PendingLimits;
  readonly #metrics: QueueMetrics;
  #samples = 0;
  #histograms = 0;
  #bytes = 0;
  /** Number of pending samples of each series. */
  readonly #bySeries = new Map<QueuedSeries, number>();
  #waiters: (() => void)[] = [];

  constructor(limits: PendingLimits, metrics: QueueMetrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  get counts(): SampleCounts {
    return { samples: this.#samples, histograms: this.#histograms };
  }

  get total(): number {
    return this.#samples + this.#histograms;
  }

  /** Returns false, and adds nothing, when the sample does not fit. */
  tryAdd({ series, value }: QueuedSample): boolean {
    const ofSeries = this.#bySeries.get(series) ?? 0;
    const bytes = sampleBytes(value) + (ofSeries === 0 ? series.bytes : 0);
    if (this.total >= this.#limits.maxSamples || this.#bytes + bytes > this.#limits.maxBytes) return false;
    this.#bySeries.set(series, ofSeries + 1);
    this.#bytes += bytes;
    if (typeof value === 'object') this.#histograms++;
    else this.#samples++;
    return true;
  }

  remove(samples: readonly QueuedSample[]): void {
    for (const { series, value } of samples) {
      const left = this.#bySeries.get(series)! - 1;
      if (left === 0) this.#bySeries.delete(series);
      else this.#bySeries.set(series, left);
      this.#bytes -= sampleBytes(value) + (left === 0 ? series.bytes : 0);
      if (typeof value === 'object') this.#histograms--;
      else this.#samples--;
    }
    this.report();
    if (this.total === 0) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  report(): void {
    this.#metrics.pending(this.counts);
  }

  /** Resolves when no sample is pending. */
  empty(): Promise<void> {
    if (this.total === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
