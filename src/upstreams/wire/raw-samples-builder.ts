// Collects the samples of one series, floats and native histograms, in any order.

import { invalidAnswer } from '../../json/index.js';
import {
  histogramWeight,
  type Histogram,
  type Labels,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';

/** A float, a histogram, or the stale marker of either. */
export type WireSample = number | Histogram | 'stale';

/** Called with the samples of a run, ascending; see `RawSamplesBuilder`. */
export type AddSample = (timeMs: number, sample: WireSample) => void;

/**
 * The samples of one series within a window. Samples outside of it are dropped without being counted.
 *
 * Samples are added in runs, one per chunk. Within a run they are ascending, and the counter reset hint of a histogram
 * refers to the previous sample of the run.
 */
export class RawSamplesBuilder {
  readonly labels: Labels;
  readonly #window: TimeWindow;
  readonly #reserve: (samples: number) => void;
  #timestamps = new Float64Array(16);
  #values = new Float64Array(16);
  #stale: Uint8Array<ArrayBuffer> | undefined;
  #histograms: (Histogram | undefined)[] | undefined;
  #count = 0;
  #lastMs = -Infinity;
  #isAscending = true;

  /** @param reserve called with the weight of each sample before it is kept. */
  constructor(labels: Labels, window: TimeWindow, reserve: (samples: number) => void) {
    this.labels = labels;
    this.#window = window;
    this.#reserve = reserve;
  }

  /** Begins a run. It may overlap earlier runs. */
  beginRun(): void {
    this.#lastMs = -Infinity;
  }

  /**
   * Adds a sample to the run, or drops it when it lies outside of the window.
   *
   * @throws PromfedError `upstream` when the sample is not later than the previous one of its run; what `reserve` throws.
   */
  add(timeMs: number, sample: WireSample): void {
    if (!(timeMs > this.#lastMs)) throw invalidAnswer('samples of a series are not in the order of time');
    this.#lastMs = timeMs;
    if (timeMs <= this.#window.afterMs || timeMs > this.#window.untilMs) return;
    this.#reserve(typeof sample === 'object' ? 1 + histogramWeight(sample) : 1);
    const i = this.#count++;
    if (i === this.#timestamps.length) this.#grow();
    if (i > 0 && timeMs <= this.#timestamps[i - 1]!) this.#isAscending = false;
    this.#timestamps[i] = timeMs;
    this.#values[i] = typeof sample === 'number' ? sample : NaN;
    if (sample === 'stale') {
      this.#stale ??= new Uint8Array(this.#timestamps.length);
      this.#stale[i] = 1;
    } else if (typeof sample === 'object') {
      this.#histograms ??= Array.from({ length: i }, () => undefined);
    }
    this.#histograms?.push(typeof sample === 'object' ? sample : undefined);
  }

  /**
   * Returns the series. Of several samples at one time, the first one added is kept. The reset hint of a histogram
   * becomes `unknown` when its run has another sample before it. The builder must not be used afterwards.
   *
   * Source: Prometheus, storage/merge.go (`chainSampleIterator.AtHistogram`).
   */
  build(): RawSeries {
    const count = this.#count;
    const timestamps = this.#timestamps.subarray(0, count);
    const values = this.#values.subarray(0, count);
    const stale = this.#stale?.subarray(0, count);
    const histograms = this.#histograms;
    const { labels } = this;
    if (this.#isAscending) return createSeries(labels, timestamps, values, stale, histograms);
    const order = ascendingIndices(timestamps);
    return createSeries(
      labels,
      Float64Array.from(order, (i) => timestamps[i]!),
      Float64Array.from(order, (i) => values[i]!),
      stale === undefined ? undefined : Uint8Array.from(order, (i) => stale[i]!),
      histograms === undefined
        ? undefined
        : order.map((i, at) => {
            const histogram = histograms[i];
            if (histogram === undefined || histogram.hint === 'gauge' || order[at - 1] === i - 1) {
              return histogram;
            }
            return { ...histogram, hint: 'unknown' };
          }),
    );
  }

  #grow(): void {
    const length = this.#timestamps.length * 2;
    const larger = (array: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(length);
      grown.set(array);
      return grown;
    };
    this.#timestamps = larger(this.#timestamps);
    this.#values = larger(this.#values);
    if (this.#stale === undefined) return;
    const stale = new Uint8Array(length);
    stale.set(this.#stale);
    this.#stale = stale;
  }
}

/** Returns the indices of the times in ascending order of time. Of equal times, only the first index is kept. */
function ascendingIndices(timestamps: Float64Array): number[] {
  const indices = Array.from(timestamps, (_, i) => i);
  indices.sort((a, b) => timestamps[a]! - timestamps[b]! || a - b);
  return indices.filter((i, at) => at === 0 || timestamps[i] !== timestamps[indices[at - 1]!]);
}

function createSeries(
  labels: Labels,
  timestamps: Float64Array,
  values: Float64Array,
  stale: Uint8Array | undefined,
  histograms: readonly (Histogram | undefined)[] | undefined,
): RawSeries {
  return {
    labels,
    timestamps,
    values,
    ...(stale === undefined ? {} : { stale }),
    ...(histograms === undefined ? {} : { histograms }),
  };
}
