// The snapshot of a server group whose series are in memory.

import {
  PromfedError,
  seriesWeight,
  type Labels,
  type Matcher,
  type RawSeries,
  type StopSignal,
  type TimeWindow,
} from '../model/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';

export interface MemorySnapshotOptions {
  /** Unique within a request. */
  readonly name: string;
  /** Set on every series. */
  readonly labels: Labels;
  /** Returns the series without the labels of the group. They have samples in the window only, at least one each. */
  readonly select: (
    matchers: readonly Matcher[],
    window: TimeWindow,
    signal: StopSignal,
  ) => Promise<readonly RawSeries[]> | readonly RawSeries[];
}

/** Creates a snapshot that answers requests for raw samples. It evaluates no queries, and has no metadata. */
export function createMemorySnapshot({ name, labels, select }: MemorySnapshotOptions): GroupSnapshot {
  return {
    name,
    labels,
    ignoreError: false,
    replicated: false,
    samples: async ({ matchers, window, budget }, { signal }) => {
      const series = await select(matchers, window, signal);
      for (const one of series) budget.reserve(seriesWeight(one));
      return { series, hasStaleMarkers: true, trailer: { warnings: [], infos: [], isPartial: false } };
    },
    query: unsupported,
    series: unsupported,
    labelNames: unsupported,
    labelValues: unsupported,
    metadata: unsupported,
    rules: unsupported,
  };
}

function unsupported(): Promise<never> {
  return Promise.reject(
    new PromfedError('internal', 'a server group in memory answers requests for raw samples only'),
  );
}
