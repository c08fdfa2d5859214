// Merges the copies of a series that several groups have, because no label distinguishes the groups.

import { filterSamples, type RawSeries } from '../model/index.js';
import { addDistances, medianInterval, MIN_DISTANCES, MIN_GAP, NEIGHBOURS } from './intervals.js';
import { mergeRaw } from './merge-raw.js';
import { pickEarlier } from './pick-samples.js';

/**
 * Returns the copies of one series as one: all samples, and of several at the same time that of the first copy. A stale
 * marker is dropped while another copy continues: its latest sample is a value, and at most 1.5 of its intervals old. A
 * series therefore ends when its last copy ends.
 *
 * Whether a marker is kept depends on the samples before it only.
 *
 * @param copies at least one, with the same labels. The result may share their arrays.
 */
export function mergeGroupSeries(copies: readonly RawSeries[]): RawSeries {
  return copies
    .map((copy) => withoutContinued(copy, copies))
    .reduce((merged, copy) => mergeRaw(merged, copy, pickEarlier));
}

/** Drops the stale markers of a copy at which another copy continues. */
function withoutContinued(copy: RawSeries, copies: readonly RawSeries[]): RawSeries {
  const { stale, timestamps } = copy;
  if (stale?.includes(1) !== true) return copy;
  /** For each other copy the number of samples at or before the marker. */
  const others = copies.filter((other) => other !== copy).map((other) => ({ other, count: 0 }));
  return filterSamples(copy, (marker) => {
    if (stale[marker] !== 1) return true;
    const timeMs = timestamps[marker]!;
    let isContinued = false;
    for (const cursor of others) {
      const { timestamps: times } = cursor.other;
      while (cursor.count < times.length && times[cursor.count]! <= timeMs) cursor.count++;
      isContinued ||= continues(cursor.other, cursor.count - 1, copy, marker);
    }
    return !isContinued;
  });
}

/**
 * Reports whether a copy has not ended at the marker of another one.
 *
 * @param latest index of its latest sample at or before the marker; −1 for none.
 */
function continues(other: RawSeries, latest: number, ended: RawSeries, marker: number): boolean {
  if (latest < 0 || other.stale?.[latest] === 1) return false;
  const intervalMs = intervalBefore(other, latest, ended, marker - 1);
  const latestMs = other.timestamps[latest]!;
  // A series that has just moved has one sample. It is newer than those of the copy that it moved from.
  if (Number.isNaN(intervalMs)) return marker === 0 || latestMs > ended.timestamps[marker - 1]!;
  return ended.timestamps[marker]! - latestMs <= MIN_GAP * intervalMs;
}

/** Returns the interval of a copy before its latest sample, and with few samples also that of the copy that ended. */
function intervalBefore(other: RawSeries, latest: number, ended: RawSeries, last: number): number {
  const distances: number[] = [];
  addDistances(distances, other.timestamps, firstOfRun(other, latest), latest);
  if (distances.length < MIN_DISTANCES) {
    addDistances(distances, ended.timestamps, firstOfRun(ended, last), last);
  }
  return medianInterval(distances);
}

/** Returns the first of the samples, at most nine, up to `last` that no stale marker separates. */
function firstOfRun({ stale }: RawSeries, last: number): number {
  let first = last;
  while (first > 0 && last - first < NEIGHBOURS && stale?.[first - 1] !== 1) first--;
  return first;
}
