// Raw samples in memory: what tests and the demo's regions are made of.

import { compileMatchers, type RawSeries } from '../../model/index.js';
import type { SampleSource } from './sample-source.js';

/**
 * A source of the given series, which stay the caller's. Reads them at each `select`, so that they may grow
 * between two; what it returns are views of their arrays.
 */
export function createMemorySource(series: Iterable<RawSeries>): SampleSource {
  return {
    select: async ({ selection, extraMatchers, window: { afterMs, untilMs } }) => {
      const matches = compileMatchers([...selection.matchers, ...extraMatchers]);
      const selected: RawSeries[] = [];
      for (const { labels, timestamps, values, stale, histograms, startTimestamps } of series) {
        if (!matches(labels)) continue;
        const from = firstAfter(timestamps, afterMs);
        const to = firstAfter(timestamps, untilMs);
        if (to <= from) continue;
        selected.push({
          labels,
          timestamps: timestamps.subarray(from, to),
          values: values.subarray(from, to),
          ...(stale === undefined ? {} : { stale: stale.subarray(from, to) }),
          ...(histograms === undefined ? {} : { histograms: histograms.slice(from, to) }),
          ...(startTimestamps === undefined ? {} : { startTimestamps: startTimestamps.subarray(from, to) }),
        });
      }
      return Promise.resolve(selected);
    },
  };
}

/** The index of the first timestamp after `timeMs`; the length when there is none. */
function firstAfter(timestamps: Float64Array, timeMs: number): number {
  let low = 0;
  let high = timestamps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle]! <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
