// Sums that slide along with their window, where that gives the very bits that adding up the window gives.

import type { Windows } from './range-function.js';

/** Up to here every integer is a float, and adding two of them is exact. */
const EXACT_UP_TO = 2 ** 53;

/**
 * Whether sums of up to `terms` of the values are exact in whatever order they are added: all are integers, and none
 * of the sums can leave the range in which every integer is a float. Counters and gauges of whole things are so.
 * Compensation then stays zero, so that a compensated sum is the plain one.
 */
export function sumsAreExact(values: Float64Array, terms: number): boolean {
  const most = EXACT_UP_TO / Math.max(1, terms);
  for (const value of values) if (!Number.isInteger(value) || Math.abs(value) > most) return false;
  return true;
}

/**
 * The sum of each window, for growing steps: samples that enter are added, those that leave taken away. Undefined
 * for values of which a sum depends on the order it is added in: taking away then leaves other bits than Prometheus
 * gets, which adds up each window from its first sample.
 */
export function trySlidingSum({
  values,
  from,
  to,
}: Pick<Windows, 'values' | 'from' | 'to'>): ((step: number) => number) | undefined {
  let widest = 0;
  for (let step = 0; step < from.length; step++) widest = Math.max(widest, to[step]! - from[step]!);
  if (!sumsAreExact(values, widest)) return undefined;
  let sum = 0;
  let head = 0;
  let tail = 0;
  return (step) => {
    const first = from[step]!;
    const end = to[step]!;
    // What left goes before what comes is added, so that no sum is of more samples than a window has.
    for (; head < first && head < tail; head++) sum -= values[head]!;
    if (tail < first) head = tail = first;
    for (; tail < end; tail++) sum += values[tail]!;
    return sum;
  };
}
