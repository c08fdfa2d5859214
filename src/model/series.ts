// The two shapes of a series: a column on a step grid, and raw samples.

import { histogramWeight, type Histogram } from './histogram/histogram.js';
import type { Labels } from './labels.js';
import type { TimeWindow } from './time-bounds.js';

/**
 * One series on a step grid. All arrays have one element for each step.
 *
 * `present[i]` is 0 without a sample, 1 when the sample is the float `values[i]`, and 2 when it is `histograms[i]`.
 * Presence has an array of its own because no NaN could mark a gap: PromQL can compute every NaN, and JavaScript
 * engines may change a NaN's payload.
 */
export interface Column {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /**
   * True for delayed name removal: `labels` still have the metric name, type and unit, and lose them when the
   * evaluation ends. Never set on the result of an evaluation.
   */
  readonly dropsName?: boolean | undefined;
  /** Missing when no sample is a histogram. */
  readonly histograms?: (Histogram | undefined)[];
}

/** An instant vector at every step of a grid. Label sets are unique. */
export type Vector = readonly Column[];

/** Raw samples of one series, with stale markers. Sorted by time; times are unique. */
export interface RawSeries {
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** 1 for a stale marker, whose value has no meaning. Missing when no sample is one. */
  readonly stale?: Uint8Array;
  /** The histogram of a sample, whose value then has no meaning. Missing when no sample is a histogram. */
  readonly histograms?: readonly (Histogram | undefined)[];
  /**
   * Values for functions of the increase of a counter, when they differ from `values` because the samples come from
   * replicas with counters of their own.
   */
  readonly counterValues?: Float64Array;
  /**
   * Start timestamps of the samples, in milliseconds since the epoch; 0 when unknown. Missing when the source does not
   * store them: functions then ignore start timestamps.
   */
  readonly startTimestamps?: Float64Array;
}

/** Returns a column of `count` steps without samples. */
export function emptyColumn(labels: Labels, count: number): Column {
  return { labels, values: new Float64Array(count), present: new Uint8Array(count) };
}

/** Returns the size of a series for limits, in float samples. A histogram counts as several. */
export function seriesWeight({ timestamps, histograms }: RawSeries): number {
  if (histograms === undefined) return timestamps.length;
  return histograms.reduce(
    (sum, histogram) => sum + (histogram === undefined ? 0 : histogramWeight(histogram)),
    timestamps.length,
  );
}

/** Returns the samples in the window. The result may share the arrays of the series. */
export function truncateSeries(series: RawSeries, { afterMs, untilMs }: TimeWindow): RawSeries {
  const { timestamps, values, stale, histograms, counterValues, startTimestamps } = series;
  let from = 0;
  let to = timestamps.length;
  while (from < to && timestamps[from]! <= afterMs) from++;
  while (to > from && timestamps[to - 1]! > untilMs) to--;
  if (from === 0 && to === timestamps.length) return series;
  return {
    labels: series.labels,
    timestamps: timestamps.subarray(from, to),
    values: values.subarray(from, to),
    ...(stale === undefined ? {} : { stale: stale.subarray(from, to) }),
    ...(histograms === undefined ? {} : { histograms: histograms.slice(from, to) }),
    ...(counterValues === undefined ? {} : { counterValues: counterValues.subarray(from, to) }),
    ...(startTimestamps === undefined ? {} : { startTimestamps: startTimestamps.subarray(from, to) }),
  };
}

/**
 * Returns the samples that are kept: the series itself when all are, else new arrays.
 *
 * @param isKept called once for each sample, in the order of time.
 */
export function filterSamples(series: RawSeries, isKept: (sample: number) => boolean): RawSeries {
  const kept: number[] = [];
  for (let i = 0; i < series.timestamps.length; i++) if (isKept(i)) kept.push(i);
  if (kept.length === series.timestamps.length) return series;
  const pick = (from: Float64Array): Float64Array => Float64Array.from(kept, (i) => from[i]!);
  const { labels, timestamps, values, stale, histograms, counterValues, startTimestamps } = series;
  return {
    labels,
    timestamps: pick(timestamps),
    values: pick(values),
    ...(stale === undefined ? {} : { stale: Uint8Array.from(kept, (i) => stale[i]!) }),
    ...(histograms === undefined ? {} : { histograms: kept.map((i) => histograms[i]) }),
    ...(counterValues === undefined ? {} : { counterValues: pick(counterValues) }),
    ...(startTimestamps === undefined ? {} : { startTimestamps: pick(startTimestamps) }),
  };
}
