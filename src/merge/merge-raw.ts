// Merges two decoded copies of a series, stale markers included.

import type { RawSeries } from '../model/index.js';
import type { PickRule } from './merge-samples.js';

/** The samples of two copies that the rule keeps, with the labels of the first. The arrays are new. */
export function mergeRaw(a: RawSeries, b: RawSeries, rule: PickRule): RawSeries {
  const { times, values } = rule(a, b);
  const merged = {
    labels: a.labels,
    timestamps: Float64Array.from(times, (i) => (i >= 0 ? a.timestamps[i]! : b.timestamps[~i]!)),
    values: Float64Array.from(values, (i) => (i >= 0 ? a.values[i]! : b.values[~i]!)),
  };
  if (a.stale === undefined && b.stale === undefined) return merged;
  return {
    ...merged,
    stale: Uint8Array.from(values, (i) => (i >= 0 ? a.stale?.[i] : b.stale?.[~i]) ?? 0),
  };
}
