// Counters that replicas count on their own, for example the results of stream aggregation.

import type { RawSeries } from '../model/index.js';
import { firstAfter, type MarkedSamples } from './samples/fill-gaps.js';
import type { Picks } from './samples/pick-samples.js';

/** The names of counters. Source: Prometheus, promql/engine.go (`eval`, the end of calls on matrices). */
const COUNTER_NAME = /_(?:total|sum|count|bucket)$/;

/**
 * Returns the values of a merged counter for functions of its increase (`RawSeries.counterValues`), in the order of the
 * picks. Undefined when these are the picked values: when the copies show the same counter in each gap, and for names
 * that are not those of counters.
 *
 * The copies show different counters where the values of `a` beside a gap are not between the values of `b` around their
 * times, and `b` has no reset there. Then `b` only shows when the counter of `a` grew: its increases are added to the last
 * value of `a`, and do not exceed the next value of `a`, unless that is after a reset.
 */
export function counterValues(
  a: RawSeries,
  b: RawSeries,
  { times, values }: Picks,
): Float64Array | undefined {
  if (!COUNTER_NAME.test(a.labels.metricName)) return undefined;
  if (a.histograms !== undefined || b.histograms !== undefined) return undefined;
  const own = a.counterValues ?? a.values;
  const result = Float64Array.from(values, (i) => (i >= 0 ? own[i]! : b.values[~i]!));
  let differs = a.counterValues !== undefined;
  for (let at = 0; at < times.length; at++) {
    if (times[at]! >= 0) continue;
    const from = at;
    while (at + 1 < times.length && times[at + 1]! < 0) at++;
    const before = neighbour(a, times, from, -1);
    const after = neighbour(a, times, at, 1);
    if (!areDifferentCounters(a, b, before, after)) continue;
    const [left, right] = [before, after].map((edge) =>
      edge === undefined ? undefined : tryCompare(a, b, edge)?.otherValue,
    );
    const start = before === undefined ? undefined : own[before]!;
    const end = after === undefined ? undefined : own[after]!;
    differs = true;
    const others = Float64Array.from(times.slice(from, at + 1), (i) =>
      b.stale?.[~i] === 1 ? NaN : b.values[~i]!,
    );
    result.set(shifted(others, { start, end, left, right }), from);
  }
  return differs ? result : undefined;
}

/** Returns the index of the value of `a` next to a pick, or undefined. Stale markers are not values. */
function neighbour(
  { stale }: MarkedSamples,
  times: readonly number[],
  at: number,
  direction: 1 | -1,
): number | undefined {
  for (let i = at + direction; i >= 0 && i < times.length; i += direction) {
    const pick = times[i]!;
    if (pick < 0) return undefined;
    if (stale?.[pick] !== 1) return pick;
  }
  return undefined;
}

/** Number of samples of the leader that are compared on each side of a gap, and how many have to differ. */
const MAX_COMPARED = 4;
const MIN_DIFFERENT = 2;

/**
 * Reports whether the samples of the leader beside a gap cannot be those of the counter in the other copy. All of several
 * samples have to differ: a reset between two samples can hide in one of the copies.
 */
function areDifferentCounters(
  a: RawSeries,
  b: RawSeries,
  before: number | undefined,
  after: number | undefined,
): boolean {
  let different = 0;
  for (const [edge, direction] of [
    [before, -1],
    [after, 1],
  ] as const) {
    if (edge === undefined) continue;
    for (let n = 0, i = edge; n < MAX_COMPARED; n++, i += direction) {
      if (i < 0 || i >= a.timestamps.length) break;
      const compared = a.stale?.[i] === 1 ? undefined : tryCompare(a, b, i);
      if (compared === undefined) continue;
      if (!compared.isDifferent) return false;
      different++;
    }
  }
  return different >= MIN_DIFFERENT;
}

interface Comparison {
  /** True when the leader's value is not between those of the other copy around its time. */
  readonly isDifferent: boolean;
  /** The value of the other copy at the time, interpolated. */
  readonly otherValue: number;
}

/**
 * Compares a sample of the leader with the samples of the other copy around its time: one before and one after it, and a
 * further one on each side, because clocks differ.
 *
 * @returns undefined when the other copy has no samples around the time, or its counter was reset there.
 */
function tryCompare(a: RawSeries, b: RawSeries, sample: number): Comparison | undefined {
  const timeMs = a.timestamps[sample]!;
  const { timestamps, values, stale } = b;
  const high = firstAfter(timestamps, timeMs);
  const low = high - 1;
  if (low < 0 || high >= timestamps.length) return undefined;
  const from = low > 0 && stale?.[low - 1] !== 1 ? low - 1 : low;
  const to = high + 1 < timestamps.length && stale?.[high + 1] !== 1 ? high + 1 : high;
  if (stale?.[low] === 1 || stale?.[high] === 1) return undefined;
  for (let i = from + 1; i <= to; i++) if (values[i]! < values[i - 1]!) return undefined;
  const value = (a.counterValues ?? a.values)[sample]!;
  const share = (timeMs - timestamps[low]!) / (timestamps[high]! - timestamps[low]!);
  return {
    isDifferent: value < values[from]! || value > values[to]!,
    otherValue: values[low]! + share * (values[high]! - values[low]!),
  };
}

/** Values at the edges of a gap, where they are known. */
interface GapValues {
  /** Values of the leader's counter. */
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** Values of the other copy at the same times. */
  readonly left: number | undefined;
  readonly right: number | undefined;
}

/** Returns the values of the leader's counter in a gap, with the increases of the other one. NaN is a stale marker. */
function shifted(others: Float64Array, { start, end, left, right }: GapValues): Float64Array {
  const grown = increases(others);
  const last = others.findLast((value) => !Number.isNaN(value))!;
  const first =
    start === undefined
      ? end! - grown.at(-1)! - Math.max((right ?? last) - last, 0)
      : start + Math.max(others[0]! - (left ?? others[0]!), 0);
  const isReset = start !== undefined && end !== undefined && end < start;
  const limit = isReset ? Infinity : (end ?? Infinity);
  return grown.map((increase) => Math.max(Math.min(first + increase, limit), 0));
}

/** Returns the increase since the first value, at each value. */
function increases(values: Float64Array): Float64Array {
  let sum = 0;
  let before = values[0]!;
  return values.map((value) => {
    if (Number.isNaN(value)) return sum;
    sum += value < before ? value : value - before;
    before = value;
    return sum;
  });
}
