// What a demo region is made of: metrics, targets that are scraped, series with a value at any time.

import type { Labels } from '../model/index.js';

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

/** Something that is scraped: all its samples of a scrape have one time. */
export interface Target {
  /** How long after each whole scrape interval it is scraped. */
  readonly phaseMs: number;
  /** Whether the scrape fails: its series end with a stale marker then, and only `up` goes on. */
  readonly isDown: (timeMs: number) => boolean;
}

export interface DemoSeries {
  readonly labels: Labels;
  readonly target: Target;
  /** True for `up`, which says that a scrape failed. */
  readonly survivesOutage: boolean;
  readonly valueAt: (timeMs: number) => number;
}

/** Everything a region knows. */
export interface RegionContents {
  readonly series: readonly DemoSeries[];
  readonly metrics: readonly Metric[];
}
