// Sliding sums, for values whose sliding sum is bit for bit the sum of the window.

import type { Windows } from './range-function.js';

/** Integers up to this are exact as floats, and so are their sums. */
const EXACT_UP_TO = 2 ** 53;

/**
 * Reports whether sums of up to `terms` of the values are exact in any order: all are integers, and no sum can exceed
 * 2^53. The compensation is then zero, so a compensated sum equals the plain one. Most counters qualify.
 */
export function sumsAreExact(values: Float64Array, terms: number): boolean {
  const most = EXACT_UP_TO / Math.max(1, terms);
  for (const value of values) if (!Number.isInteger(value) || Math.abs(value) > most) return false;
  return true;
}

/**
 * Returns a function that computes the sum of a step's window, to be called with ascending steps: it adds samples that
 * enter the window and subtracts those that leave it.
 *
 * Returns undefined when the sums are not exact: they would differ by rounding from Prometheus, which adds up each
 * window from its first sample.
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
    // Subtracts before it adds, so that no intermediate sum has more terms than the widest window.
    for (; head < first && head < tail; head++) sum -= values[head]!;
    if (tail < first) head = tail = first;
    for (; tail < end; tail++) sum += values[tail]!;
    return sum;
  };
}
