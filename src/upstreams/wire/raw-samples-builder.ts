// Collects the samples of one series, floats and native histograms, in whatever order they come.

import { histogramWeight, type Histogram, type RawSeries, type TimeWindow } from '../../model/index.js';
import type { Labels } from '../../model/index.js';
import { invalidAnswer } from './prompb.js';

/** A sample as the wire has it: a float, a histogram, or a stale marker, which stands for either. */
export type WireSample = number | Histogram | 'stale';

/** Takes the samples of a run, ascending; see `RawSamplesBuilder`. */
export type AddSample = (timeMs: number, sample: WireSample) => void;

/**
 * The samples of one series within a window. What lies outside of it is dropped at once and costs nothing.
 *
 * Samples come in runs, a chunk each: within one they are ascending, and what a histogram knows of a counter reset is
 * about the sample before it in the same run.
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

  /** @param take told what each sample amounts to before it is kept. */
  constructor(labels: Labels, window: TimeWindow, reserve: (samples: number) => void) {
    this.labels = labels;
    this.#window = window;
    this.#reserve = reserve;
  }

  /** Begins a run, which may reach back behind the samples before it. */
  beginRun(): void {
    this.#lastMs = -Infinity;
  }

  /** @throws PromfedError `upstream` when the sample is not after the one before it in its run; what `take` throws. */
  add(timeMs: number, sample: WireSample): void {
    if (!(timeMs > this.#lastMs)) throw invalidAnswer('samples that go back in time');
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
   * The series; of samples at the same time the first one that came. A histogram that follows another sample than in
   * its run no longer knows of a reset. The builder is of no use afterwards.
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
    if (this.#isAscending) return series(labels, timestamps, values, stale, histograms);
    const order = inOrder(timestamps);
    return series(
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

/** The indices of the times in ascending order, the first of equal ones only. */
function inOrder(timestamps: Float64Array): number[] {
  const indices = Array.from(timestamps, (_, i) => i);
  indices.sort((a, b) => timestamps[a]! - timestamps[b]! || a - b);
  return indices.filter((i, at) => at === 0 || timestamps[i] !== timestamps[indices[at - 1]!]);
}

function series(
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
