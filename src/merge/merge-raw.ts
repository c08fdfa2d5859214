// Merges two decoded copies of a series, stale markers and native histograms included.

import type { Histogram, RawSeries } from '../model/index.js';
import type { Picks } from './pick-samples.js';
import type { PickRule } from './merge-samples.js';

/** The samples of two copies that the rule keeps, with the labels of the first. The arrays are new. */
export function mergeRaw(a: RawSeries, b: RawSeries, rule: PickRule): RawSeries {
  const picks = rule(a, b);
  const { times, values } = picks;
  return {
    labels: a.labels,
    timestamps: Float64Array.from(times, (i) => (i >= 0 ? a.timestamps[i]! : b.timestamps[~i]!)),
    values: Float64Array.from(values, (i) => (i >= 0 ? a.values[i]! : b.values[~i]!)),
    ...(a.stale === undefined && b.stale === undefined
      ? {}
      : { stale: Uint8Array.from(values, (i) => (i >= 0 ? a.stale?.[i] : b.stale?.[~i]) ?? 0) }),
    ...(a.histograms === undefined && b.histograms === undefined
      ? {}
      : { histograms: mergeHistograms(a, b, picks) }),
  };
}

/**
 * What a histogram knows of a counter reset is about the sample before it in its own copy: where another one is before
 * it now, it knows nothing.
 *
 * Source: Prometheus, storage/merge.go (`chainSampleIterator.AtHistogram`).
 */
function mergeHistograms(a: RawSeries, b: RawSeries, { values }: Picks): (Histogram | undefined)[] {
  return values.map((i, at) => {
    const histogram = i >= 0 ? a.histograms?.[i] : b.histograms?.[~i];
    if (histogram === undefined || histogram.hint === 'gauge' || histogram.hint === 'unknown') {
      return histogram;
    }
    const isFirstOfItsCopy = i === 0 || i === ~0;
    const before = i >= 0 ? i - 1 : ~(~i - 1);
    const follows = isFirstOfItsCopy ? at === 0 : at > 0 && values[at - 1] === before;
    return follows ? histogram : { ...histogram, hint: 'unknown' };
  });
}
