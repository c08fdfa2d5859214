// Series in their two shapes: columns on a step grid, and raw samples.

import { histogramWeight, type Histogram } from './histogram/histogram.js';
import type { Labels } from './labels.js';

/**
 * One series on a step grid. `present[i]` is 0 where it has no sample, 1 where `values[i]` is its sample, 2 where
 * `histograms[i]` is. All arrays have one element for each step of the grid.
 *
 * Presence stands apart from the values because every NaN is a value that PromQL can compute, and JavaScript
 * engines may change a NaN's payload.
 */
export interface Column {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /**
   * Inside of an evaluation that delays the removal of names: `labels` still have the metric's name and its kin, and
   * lose them when the evaluation ends. Never set on what an evaluation returns.
   */
  readonly dropsName?: boolean | undefined;
  /** Absent when no sample is a histogram. */
  readonly histograms?: (Histogram | undefined)[];
}

/** An instant vector at every step of a grid: no two columns with equal labels. */
export type Vector = readonly Column[];

/** Raw samples of one series, sorted by time, no time twice, stale markers kept. */
export interface RawSeries {
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** 1 where the sample is Prometheus' stale marker; its value then means nothing. Absent when none is. */
  readonly stale?: Uint8Array;
  /** The sample where it is a histogram; its value then means nothing. Absent when none is. */
  readonly histograms?: readonly (Histogram | undefined)[];
  /**
   * Since when each sample counts: milliseconds since the epoch, 0 where that is unknown. Absent where start timestamps
   * are not stored: no function then takes notice of them.
   */
  readonly startTimestamps?: Float64Array;
}

/** A column of `count` steps with nothing present. */
export function emptyColumn(labels: Labels, count: number): Column {
  return { labels, values: new Float64Array(count), present: new Uint8Array(count) };
}

/** What the samples of a series amount to where samples are counted: histograms are more than one each. */
export function seriesWeight({ timestamps, histograms }: RawSeries): number {
  if (histograms === undefined) return timestamps.length;
  return histograms.reduce(
    (sum, histogram) => sum + (histogram === undefined ? 0 : histogramWeight(histogram)),
    timestamps.length,
  );
}
