// Collects the samples of one series, floats and native histograms, in any order.

import { invalidAnswer } from '../../json/index.js';
import {
  histogramWeight,
  type Histogram,
  type Labels,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';

/** Number of samples that the first arrays have room for. Many series of hostile servers have none. */
const FIRST_LENGTH = 16;

/** Number of samples up to which a series may hold arrays of twice its length. */
const MAX_SPARE = 1024;

const NOTHING = new Float64Array(0);

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
  readonly #window: TimeWindow;
  readonly #reserve: (samples: number) => void;
  #timestamps = NOTHING;
  #values = NOTHING;
  #stale: Uint8Array<ArrayBuffer> | undefined;
  #histograms: (Histogram | undefined)[] | undefined;
  #count = 0;
  #lastMs = -Infinity;
  /** Index of the first sample of each ascending part, without the first part. */
  readonly #parts: number[] = [];

  /** @param reserve called with the weight of each sample before it is kept. */
  constructor(window: TimeWindow, reserve: (samples: number) => void) {
    this.#window = window;
    this.#reserve = reserve;
  }

  /** True when no sample was kept. */
  get isEmpty(): boolean {
    return this.#count === 0;
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
    if (i > 0 && timeMs <= this.#timestamps[i - 1]!) this.#parts.push(i);
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
  build(labels: Labels, pacer: Pacer): RawSeries | Promise<RawSeries> {
    const count = this.#count;
    const timestamps = cut(this.#timestamps, count);
    const values = cut(this.#values, count);
    const stale = this.#stale?.subarray(0, count);
    const histograms = this.#histograms;
    const series = createSeries(labels, timestamps, values, stale, histograms);
    return this.#parts.length === 0 ? series : inOrder(series, [0, ...this.#parts, count], pacer);
  }

  #grow(): void {
    const length = Math.max(FIRST_LENGTH, this.#timestamps.length * 2);
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

/** Returns the first elements: a view, or a copy when the view would hold much more memory than it shows. */
function cut(array: Float64Array<ArrayBuffer>, count: number): Float64Array<ArrayBuffer> {
  return count > MAX_SPARE && array.length > count + count / 4
    ? array.slice(0, count)
    : array.subarray(0, count);
}

/** Number of samples that are handled between two checks of the pacer. */
const SAMPLES_EACH = 4096;

/** Returns a series with its samples in the order of time. @param parts the bounds of its ascending parts. */
async function inOrder(series: RawSeries, parts: readonly number[], pacer: Pacer): Promise<RawSeries> {
  const { labels, timestamps, values, stale, histograms } = series;
  const order = await distinctTimes(timestamps, await sortedIndices(timestamps, parts, pacer), pacer);
  const count = order.length;
  const sorted = {
    timestamps: new Float64Array(count),
    values: new Float64Array(count),
    stale: stale && new Uint8Array(count),
    histograms: histograms && new Array<Histogram | undefined>(count).fill(undefined),
  };
  for (let at = 0; at < count; at++) {
    if (at % SAMPLES_EACH === 0 && pacer.due) await pacer.pause();
    const i = order[at]!;
    sorted.timestamps[at] = timestamps[i]!;
    sorted.values[at] = values[i]!;
    if (sorted.stale !== undefined) sorted.stale[at] = stale![i]!;
    const histogram = histograms?.[i];
    if (histogram === undefined) continue;
    const keepsHint = histogram.hint === 'gauge' || (at > 0 && order[at - 1] === i - 1);
    sorted.histograms![at] = keepsHint ? histogram : { ...histogram, hint: 'unknown' };
  }
  return createSeries(labels, sorted.timestamps, sorted.values, sorted.stale, sorted.histograms);
}

/** Returns the indices of the times in ascending order, equal times in their order: a merge sort of ascending parts. */
async function sortedIndices(
  timestamps: Float64Array,
  parts: readonly number[],
  pacer: Pacer,
): Promise<Uint32Array> {
  let sorted = new Uint32Array(timestamps.length);
  for (let i = 0; i < sorted.length; i++) sorted[i] = i;
  let merged = new Uint32Array(sorted.length);
  let bounds = parts;
  while (bounds.length > 2) {
    const next = [0];
    for (let part = 0; part + 1 < bounds.length; part += 2) {
      const middle = bounds[part + 1]!;
      const end = bounds[part + 2] ?? middle;
      let left = bounds[part]!;
      let right = middle;
      for (let at = left; at < end; at++) {
        if (at % SAMPLES_EACH === 0 && pacer.due) await pacer.pause();
        const takesLeft =
          right === end || (left < middle && timestamps[sorted[left]!]! <= timestamps[sorted[right]!]!);
        merged[at] = sorted[takesLeft ? left++ : right++]!;
      }
      next.push(end);
    }
    bounds = next;
    [sorted, merged] = [merged, sorted];
  }
  return sorted;
}

/** Removes the indices of times that are equal to the one before, in place. */
async function distinctTimes(
  timestamps: Float64Array,
  indices: Uint32Array,
  pacer: Pacer,
): Promise<Uint32Array> {
  let kept = 0;
  for (let at = 0; at < indices.length; at++) {
    if (at % SAMPLES_EACH === 0 && pacer.due) await pacer.pause();
    const i = indices[at]!;
    if (kept === 0 || timestamps[i] !== timestamps[indices[kept - 1]!]) indices[kept++] = i;
  }
  return indices.subarray(0, kept);
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
