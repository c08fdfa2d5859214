// The samples of one request, grouped by series.

import type { Histogram, Labels } from '../../../model/index.js';

/** A sample as it is encoded. */
export interface WriteSample {
  readonly timeMs: number;
  /** A stale marker is sent as a float, as Prometheus does; receivers convert it in series of native histograms. */
  readonly value: number | Histogram | 'stale';
}

/** A series with at least one sample. */
export interface WriteSeries {
  readonly labels: Labels;
  /** In the order of time. */
  readonly samples: readonly WriteSample[];
}
