// The merge of replicas whose anti-affinity is not configured: one replica leads, and another one fills its gaps.

import {
  addDistances,
  medianInterval,
  MIN_DISTANCES,
  MIN_GAP,
  NEIGHBOURS,
  roundInterval,
} from '../intervals.js';
import type { Picks, Samples } from './pick-samples.js';

/** Samples and stale markers. */
export interface MarkedSamples extends Samples {
  /** 1 for a stale marker. Missing when no sample is one. */
  readonly stale?: Uint8Array | undefined;
}

/**
 * Returns the samples of `a`, with samples of `b` where `a` has a gap; undefined when none are added.
 *
 * `a` has a gap where two of its samples are more than 1.5 intervals apart. In a gap, the samples of `b` are added that
 * are at least half an interval after the last sample before the gap, and more than half an interval before the first
 * one after it. `a` also has a gap before its first and after its last sample, if such samples of `b` are more than 1.5
 * intervals away from it.
 *
 * A stale marker of `a` in a gap that was filled is kept only if `b` had ended as well. Stale markers of `b` are added
 * after samples of `b` only.
 */
export function fillGaps(a: MarkedSamples, b: MarkedSamples): Picks | undefined {
  const [own, other] = [withoutMarkers(a), withoutMarkers(b)];
  const filled = findFilled(own.timestamps, other.timestamps);
  return filled.length === 0 ? undefined : compose({ a, b, other, filled });
}

/** Samples without stale markers. */
interface Values {
  readonly timestamps: Float64Array;
  /** Returns the index of a value among the samples. */
  readonly indexOf: (value: number) => number;
}

function withoutMarkers({ timestamps, stale }: MarkedSamples): Values {
  if (stale?.includes(1) !== true) return { timestamps, indexOf: (value) => value };
  const indices: number[] = [];
  for (let i = 0; i < timestamps.length; i++) if (stale[i] !== 1) indices.push(i);
  return {
    timestamps: Float64Array.from(indices, (i) => timestamps[i]!),
    indexOf: (value) => indices[value]!,
  };
}

/** Values of the other copy that are added in a gap of the leader. */
interface FilledGap {
  /** The first value, inclusive, and the last one, exclusive. */
  readonly from: number;
  readonly to: number;
  /** The values of the leader around the gap, or infinite. */
  readonly afterMs: number;
  readonly beforeMs: number;
  readonly intervalMs: number;
}

/** Linear in the samples, except for gaps. */
function findFilled(own: Float64Array, other: Float64Array): readonly FilledGap[] {
  const found: FilledGap[] = [];
  const shortest = own.length > MIN_DISTANCES ? roundInterval(shortestDistance(own)) : 0;
  let next = 0;
  for (let gap = 0; gap <= own.length && next < other.length; gap++) {
    const afterMs = gap > 0 ? own[gap - 1]! : -Infinity;
    const beforeMs = gap < own.length ? own[gap]! : Infinity;
    while (next < other.length && other[next]! <= afterMs) next++;
    const first = next;
    while (next < other.length && other[next]! < beforeMs) next++;
    if (next === first || beforeMs - afterMs <= MIN_GAP * shortest) continue;
    const intervalMs = intervalAround(own, gap, other, first);
    let [from, to] = [first, next];
    while (from < to && !(other[from]! - afterMs >= intervalMs / 2)) from++;
    while (from < to && !(beforeMs - other[to - 1]! > intervalMs / 2)) to--;
    // One distance is infinite before the first and after the last sample of the leader, both when it has none.
    const reachMs = own.length === 0 ? Infinity : gapLength(afterMs, beforeMs, other[from]!, other[to - 1]!);
    if (from < to && (reachMs === Infinity || reachMs > MIN_GAP * intervalMs)) {
      found.push({ from, to, afterMs, beforeMs, intervalMs });
    }
  }
  return found;
}

/** The length of a gap between samples, of the other copy where the leader has none. */
function gapLength(afterMs: number, beforeMs: number, firstMs: number, lastMs: number): number {
  return (beforeMs === Infinity ? lastMs : beforeMs) - (afterMs === -Infinity ? firstMs : afterMs);
}

function shortestDistance(times: Float64Array): number {
  let shortest = Infinity;
  for (let i = 1; i < times.length; i++) shortest = Math.min(shortest, times[i]! - times[i - 1]!);
  return shortest;
}

/**
 * Returns the interval of the samples around a gap: the lower median of up to eight distances between samples of the
 * leader on each side, and of the other copy when these are fewer than three. NaN when there are no two samples.
 */
function intervalAround(own: Float64Array, gap: number, other: Float64Array, first: number): number {
  const distances: number[] = [];
  addDistances(distances, own, gap - 1 - NEIGHBOURS, gap - 1);
  addDistances(distances, own, gap, gap + NEIGHBOURS);
  if (distances.length < MIN_DISTANCES) {
    addDistances(distances, other, first - NEIGHBOURS, first + NEIGHBOURS);
  }
  return medianInterval(distances);
}

interface Composition {
  readonly a: MarkedSamples;
  readonly b: MarkedSamples;
  readonly other: Values;
  readonly filled: readonly FilledGap[];
}

function compose({ a, b, other, filled }: Composition): Picks {
  const times: number[] = [];
  let i = 0;
  for (const gap of filled) {
    while (i < a.timestamps.length && a.timestamps[i]! <= gap.afterMs) times.push(i++);
    let j = other.indexOf(gap.from);
    const last = other.indexOf(gap.to - 1);
    // A stale marker after the last added sample ends it.
    const isEnded = b.stale?.[last + 1] === 1 && b.timestamps[last + 1]! < gap.beforeMs;
    const end = isEnded ? last + 2 : last + 1;
    // The samples of the leader inside of the gap are stale markers.
    while (i < a.timestamps.length && a.timestamps[i]! < gap.beforeMs) {
      const markerMs = a.timestamps[i]!;
      while (j < end && b.timestamps[j]! < markerMs) times.push(~j++);
      const isReplaced = j < end && b.timestamps[j] === markerMs;
      if (!isReplaced && !isAlive(b, markerMs, gap.intervalMs)) times.push(i);
      i++;
    }
    while (j < end) times.push(~j++);
  }
  while (i < a.timestamps.length) times.push(i++);
  return { times, values: times };
}

/** Reports whether a copy has a sample shortly before a time, and none of the two around it is a stale marker. */
function isAlive({ timestamps, stale }: MarkedSamples, timeMs: number, intervalMs: number): boolean {
  const next = firstAfter(timestamps, timeMs);
  if (next === 0 || stale?.[next - 1] === 1 || stale?.[next] === 1) return false;
  return timeMs - timestamps[next - 1]! <= MIN_GAP * intervalMs;
}

/** Returns the index of the first sample after a time. */
export function firstAfter(timestamps: Float64Array, timeMs: number): number {
  let [low, high] = [0, timestamps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamps[middle]! <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
