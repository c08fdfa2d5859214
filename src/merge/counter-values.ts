// Counters that replicas count on their own, for example the results of stream aggregation.

import type { RawSeries } from '../model/index.js';
import type { MarkedSamples } from './fill-gaps.js';
import type { Picks } from './pick-samples.js';

/** The names of counters. Source: Prometheus, promql/engine.go (`eval`, the end of calls on matrices). */
const COUNTER_NAME = /_(?:total|sum|count|bucket)$/;

/**
 * Returns the values of a merged counter for functions of its increase (`RawSeries.counterValues`), in the order of the
 * picks. Undefined when these are the picked values: when the copies show the same counter in each gap, and for names
 * that are not those of counters.
 *
 * The copies show different counters where the value of `a` beside a gap is not between the values of `b` around that
 * time, and `b` has no reset there. Then `b` only shows when the counter of `a` grew: its increases are added to the last
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
    const [left, right] = [tryEdge(a, b, before, ~times[from]!), tryEdge(a, b, after, ~times[at]!)];
    const start = before === undefined ? undefined : own[before]!;
    const end = after === undefined ? undefined : own[after]!;
    if (isSameCounter(left, start) && isSameCounter(right, end)) continue;
    differs = true;
    const others = Float64Array.from(times.slice(from, at + 1), (i) =>
      b.stale?.[~i] === 1 ? NaN : b.values[~i]!,
    );
    result.set(shifted(others, { start, end, left: left?.otherValue, right: right?.otherValue }), from);
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

/** A sample of the leader beside a gap, and the samples of the other copy around its time. */
interface Edge {
  /** Values of the other copy: one before the edge and one after it, and a further one on each side if there is one. */
  readonly values: Float64Array;
  /** The value of the other copy at the time of the edge, interpolated. */
  readonly otherValue: number;
}

/**
 * @param edge the index of the leader's sample, or undefined.
 * @param inGap the index of the sample in the gap that is nearest to it.
 * @returns undefined when the other copy has no samples around the edge, or its counter was reset there.
 */
function tryEdge(a: RawSeries, b: RawSeries, edge: number | undefined, inGap: number): Edge | undefined {
  if (edge === undefined) return undefined;
  const edgeMs = a.timestamps[edge]!;
  const { timestamps, values, stale } = b;
  // The last sample up to the edge, and the next one.
  let low = inGap;
  while (low >= 0 && timestamps[low]! > edgeMs) low--;
  while (low + 1 < timestamps.length && timestamps[low + 1]! <= edgeMs) low++;
  const high = low + 1;
  if (low < 0 || high >= timestamps.length) return undefined;
  for (let i = Math.min(low, inGap); i <= Math.max(high, inGap); i++) {
    if (stale?.[i] === 1 || (i > Math.min(low, inGap) && values[i]! < values[i - 1]!)) return undefined;
  }
  const from = low > 0 && stale?.[low - 1] !== 1 ? low - 1 : low;
  const to = high + 1 < timestamps.length && stale?.[high + 1] !== 1 ? high + 1 : high;
  const share = (edgeMs - timestamps[low]!) / (timestamps[high]! - timestamps[low]!);
  const otherValue = values[low]! + share * (values[high]! - values[low]!);
  return { values: values.subarray(from, to + 1), otherValue };
}

/** Reports whether a value at an edge can be one of the other counter. Clocks may differ by up to a sample. */
function isSameCounter(edge: Edge | undefined, value: number | undefined): boolean {
  if (edge === undefined || value === undefined) return true;
  const { values } = edge;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) return true;
  return !(value < values[0]!) && !(value > values.at(-1)!);
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
