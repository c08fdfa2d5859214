// The parts of a demo region: metrics, scrape targets, and series with a value at any time.

import type { Labels } from '../model/index.js';

/** Metadata of a metric. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

/** A scrape target. All samples of one scrape have the same time. */
export interface Target {
  /** Offset of its scrapes from whole scrape intervals, in milliseconds. */
  readonly phaseMs: number;
  /** Reports whether a scrape fails. All series except `up` then end with a stale marker. */
  readonly isDown: (timeMs: number) => boolean;
}

/** A series that is computed from the time. */
export interface DemoSeries {
  readonly labels: Labels;
  readonly target: Target;
  /** True for `up`, which has samples even when scrapes fail. */
  readonly survivesOutage: boolean;
  readonly valueAt: (timeMs: number) => number;
}

/** All series and metrics of a region. */
export interface RegionContents {
  readonly series: readonly DemoSeries[];
  readonly metrics: readonly Metric[];
}
