// Merges the copies of a series that several groups have, because no label distinguishes the groups.

import { filterSamples, type RawSeries } from '../model/index.js';
import { addDistances, medianInterval, MIN_GAP, NEIGHBOURS } from './intervals.js';
import { pickedSeries } from './merge-raw.js';
import { pickEarlier, type Picks } from './samples/pick-samples.js';

/**
 * Returns the copies of one series as one: all samples, and of several at the same time that of the first copy.
 *
 * A stale marker is dropped while another copy continues, so that a series ends when its last copy ends. A copy continues
 * when its latest sample at the marker is a value, and newer than the last value before the marker. A copy with a longer
 * interval may have no newer value yet: if its interval is more than 1.5 times the time between that last value and the
 * marker, its latest value may be up to 1.5 of its intervals old. Samples after the marker do not matter.
 *
 * @param copies at least one, with the same labels. The result may share their arrays.
 */
export function mergeGroupSeries(copies: readonly RawSeries[]): RawSeries {
  return copies
    .map((copy) => withoutContinued(copy, copies))
    .reduce((merged, copy) => mergeTwo(merged, copy));
}

function mergeTwo(a: RawSeries, b: RawSeries): RawSeries {
  const isPlain = [a, b].every((one) => one.histograms === undefined && one.counterValues === undefined);
  if (isPlain) return mergeFloats(a, b);
  const picks = pickEarlier(a, b);
  const counters = unitedCounters(a, b, picks);
  const merged = pickedSeries(a, b, picks);
  return counters === undefined ? merged : { ...merged, counterValues: counters };
}

/** Merges copies without native histograms. At equal times the sample of the first copy is kept. */
function mergeFloats(a: RawSeries, b: RawSeries): RawSeries {
  const size = a.timestamps.length + b.timestamps.length;
  const timestamps = new Float64Array(size);
  const values = new Float64Array(size);
  const stale = a.stale === undefined && b.stale === undefined ? undefined : new Uint8Array(size);
  let [i, j, count] = [0, 0, 0];
  while (i < a.timestamps.length || j < b.timestamps.length) {
    const first = a.timestamps[i] ?? Infinity;
    const second = b.timestamps[j] ?? Infinity;
    const copy = first <= second ? a : b;
    const sample = first <= second ? i : j;
    timestamps[count] = copy.timestamps[sample]!;
    values[count] = copy.values[sample]!;
    if (stale !== undefined) stale[count] = copy.stale?.[sample] ?? 0;
    count++;
    if (first <= second) i++;
    if (second <= first) j++;
  }
  return {
    labels: a.labels,
    timestamps: count === size ? timestamps : timestamps.slice(0, count),
    values: count === size ? values : values.slice(0, count),
    ...(stale === undefined ? {} : { stale: stale.slice(0, count) }),
  };
}

/**
 * Returns the values of a merged counter for functions of its increase, when a copy has some of its own
 * (`RawSeries.counterValues`). Between samples of one copy the counter grows like that of the copy, and from one copy to the
 * other like the stored values.
 */
function unitedCounters(a: RawSeries, b: RawSeries, { times }: Picks): Float64Array | undefined {
  if (a.counterValues === undefined && b.counterValues === undefined) return undefined;
  const result = new Float64Array(times.length);
  let before: { readonly copy: RawSeries; readonly sample: number; readonly total: number } | undefined;
  for (const [at, pick] of times.entries()) {
    const [copy, sample] = pick >= 0 ? [a, pick] : [b, ~pick];
    if (copy.stale?.[sample] === 1) continue;
    const counters = copy.counterValues ?? copy.values;
    let total = counters[sample]!;
    if (before !== undefined) {
      const isSame = before.copy === copy;
      const last = isSame ? counters[before.sample]! : before.copy.values[before.sample]!;
      const value = isSame ? total : copy.values[sample]!;
      // After a reset the value itself is the increase.
      if (value >= last) total = before.total + (value - last);
      else total = value < before.total ? value : before.total + value;
    }
    result[at] = total;
    before = { copy, sample, total };
  }
  return result;
}

/** Drops the stale markers of a copy at which another copy continues. */
function withoutContinued(copy: RawSeries, copies: readonly RawSeries[]): RawSeries {
  const { stale, timestamps } = copy;
  if (stale?.includes(1) !== true) return copy;
  /** For each other copy the number of samples at or before the marker. */
  const others = copies.filter((other) => other !== copy).map((other) => ({ other, count: 0 }));
  let lastMs = -Infinity;
  return filterSamples(copy, (sample) => {
    const timeMs = timestamps[sample]!;
    if (stale[sample] !== 1) {
      lastMs = timeMs;
      return true;
    }
    let isContinued = false;
    for (const cursor of others) {
      const { timestamps: times } = cursor.other;
      while (cursor.count < times.length && times[cursor.count]! <= timeMs) cursor.count++;
      isContinued ||= continues(cursor.other, cursor.count - 1, { lastMs, markerMs: timeMs });
    }
    return !isContinued;
  });
}

/** The end of a copy. */
interface End {
  /** The time of its last value; −∞ when it has none. */
  readonly lastMs: number;
  readonly markerMs: number;
}

/**
 * Reports whether a copy has not ended at the stale marker of another one.
 *
 * @param latest index of its latest sample at or before the marker; −1 for none.
 */
function continues(copy: RawSeries, latest: number, { lastMs, markerMs }: End): boolean {
  if (latest < 0 || copy.stale?.[latest] === 1) return false;
  const latestMs = copy.timestamps[latest]!;
  if (latestMs > lastMs) return true;
  const distances: number[] = [];
  addDistances(distances, copy.timestamps, firstOfRun(copy, latest), latest);
  const intervalMs = medianInterval(distances);
  return intervalMs > MIN_GAP * (markerMs - lastMs) && markerMs - latestMs <= MIN_GAP * intervalMs;
}

/** Returns the first of the samples, at most nine, up to `last` that no stale marker separates. */
function firstOfRun({ stale }: RawSeries, last: number): number {
  let first = last;
  while (first > 0 && last - first < NEIGHBOURS && stale?.[first - 1] !== 1) first--;
  return first;
}
