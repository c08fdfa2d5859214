import { compileMatchers, type RawSeries } from '../../model/index.js';
import type { SampleSource } from './sample-source.js';

/**
 * Creates a sample source of series in memory, for tests and for the regions of the demo. The caller owns the series.
 * Each `select` iterates them again, so that they may grow, and returns views of their arrays.
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

/** Returns the index of the first timestamp after `timeMs`, or the length without one. */
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
