// Merges two decoded copies of a series, with their stale markers and native histograms.

import type { Histogram, RawSeries } from '../model/index.js';
import { counterValues } from './counter-values.js';
import { fillGaps } from './samples/fill-gaps.js';
import { pickReplica, type AntiAffinity, type Picks, type Samples } from './samples/pick-samples.js';

/**
 * Merges the copies of a series that two replicas have. `b` fills the gaps of `a` by `fillGaps`, or by promxy's rule when
 * its anti-affinity is configured. Counters that the replicas count on their own make no jumps (`counterValues`). Stale
 * markers and native histograms are merged with floats.
 *
 * The result has the labels of `a`, and is `a` itself when nothing is added. More replicas are merged one after the other.
 */
export function mergeReplicaSeries(a: RawSeries, b: RawSeries, antiAffinity?: AntiAffinity): RawSeries {
  if (antiAffinity !== undefined) return mergeRaw(a, b, (x, y) => pickReplica(x, y, antiAffinity));
  const picks = fillGaps(a, b);
  if (picks === undefined) return a;
  const merged = pickedSeries(a, b, picks);
  const counters = counterValues(a, b, picks);
  return counters === undefined ? merged : { ...merged, counterValues: counters };
}

/**
 * Returns the samples of two copies that the rule keeps, with the labels of the first copy, in new arrays. A kept stale
 * marker is replaced by the other copy's sample at the same time, if it has one.
 */
function mergeRaw(a: RawSeries, b: RawSeries, rule: (a: Samples, b: Samples) => Picks): RawSeries {
  return pickedSeries(a, b, replaceStale(a, b, rule(a, b)));
}

/** Returns the picked samples with the labels of the first copy, in new arrays. */
export function pickedSeries(a: RawSeries, b: RawSeries, picks: Picks): RawSeries {
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

function replaceStale(a: RawSeries, b: RawSeries, picks: Picks): Picks {
  if (a.stale === undefined && b.stale === undefined) return picks;
  let [inA, inB] = [0, 0];
  const values = picks.values.map((i, at) => {
    if ((i >= 0 ? a.stale?.[i] : b.stale?.[~i]) !== 1) return i;
    const time = picks.times[at]!;
    const timeMs = time >= 0 ? a.timestamps[time]! : b.timestamps[~time]!;
    while (inA < a.timestamps.length && a.timestamps[inA]! < timeMs) inA++;
    while (inB < b.timestamps.length && b.timestamps[inB]! < timeMs) inB++;
    if (a.timestamps[inA] === timeMs && a.stale?.[inA] !== 1) return inA;
    return b.timestamps[inB] === timeMs && b.stale?.[inB] !== 1 ? ~inB : i;
  });
  return { times: picks.times, values };
}

/**
 * Returns the histograms that were picked. A counter reset hint refers to the previous sample of the same copy, so it
 * becomes unknown when another sample comes before the histogram now.
 *
 * Source: Prometheus, storage/merge.go (`chainSampleIterator.AtHistogram`).
 */
function mergeHistograms(a: RawSeries, b: RawSeries, { values }: Picks): (Histogram | undefined)[] {
  return values.map((i, at) => {
    const histogram = i >= 0 ? a.histograms?.[i] : b.histograms?.[~i];
    if (histogram === undefined || histogram.hint === 'gauge' || histogram.hint === 'unknown') {
      return histogram;
    }
    const isFirstOfCopy = i === 0 || i === ~0;
    const previous = i >= 0 ? i - 1 : ~(~i - 1);
    const keepsPrevious = isFirstOfCopy ? at === 0 : at > 0 && values[at - 1] === previous;
    return keepsPrevious ? histogram : { ...histogram, hint: 'unknown' };
  });
}
