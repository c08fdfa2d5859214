// The quantile of a set of floats.

import { selectRank } from './select-rank.js';

/** Fewer values are sorted as fast. */
const MIN_SELECTED = 32;

/** The q-quantile of `values`, whose order is changed, as `quantileOfSorted` says. */
export function quantileOf(q: number, values: Float64Array): number {
  if (!(q >= 0 && q <= 1)) return quantileOfSorted(q, values);
  if (values.length < MIN_SELECTED) return quantileOfSorted(q, values.sort());
  const numbers = withoutNaN(values);
  const nans = values.length - numbers.length;
  const { lower, upper, weight } = ranksOf(q, values.length);
  if (lower < nans) return NaN;
  selectRank(numbers, lower - nans);
  const least = valueAt(numbers, lower - nans);
  if (upper === lower) return interpolate(least, least, weight);
  let next = Infinity;
  for (let i = lower - nans + 1; i < numbers.length; i++) if (numbers[i]! < next) next = numbers[i]!;
  return interpolate(least, next === 0 ? zeroAt(numbers, upper - nans) : next, weight);
}

/**
 * The q-quantile of `values` in the order of `Float64Array.sort`: linear between ranks, NaN counts as the lowest value,
 * NaN for no values or a NaN q, −Inf below 0 and +Inf above 1.
 *
 * Source: Prometheus, promql/quantile.go (`quantile`).
 */
export function quantileOfSorted(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  // A typed array sorts its NaNs last; here they rank first.
  let nans = 0;
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans++;
  const at = (rank: number): number => (rank < nans ? NaN : values[rank - nans]!);
  const { lower, upper, weight } = ranksOf(q, values.length);
  return interpolate(at(lower), at(upper), weight);
}

/** The ranks that a quantile lies between, and how near it is to the upper one. */
function ranksOf(q: number, count: number): { lower: number; upper: number; weight: number } {
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  return { lower, upper: Math.min(count - 1, lower + 1), weight: rank - Math.floor(rank) };
}

function interpolate(lower: number, upper: number, weight: number): number {
  return lower * (1 - weight) + upper * weight;
}

/** The part of `values` that it moves the numbers to, in their order. */
function withoutNaN(values: Float64Array): Float64Array {
  let count = 0;
  for (const value of values) if (value === value) values[count++] = value;
  return values.subarray(0, count);
}

function valueAt(selected: Float64Array, rank: number): number {
  const value = selected[rank]!;
  return value === 0 ? zeroAt(selected, rank) : value;
}

/** Which zero sorting puts at a rank that has one: −0 before 0. */
function zeroAt(values: Float64Array, rank: number): number {
  let below = 0;
  for (const value of values) if (value < 0 || Object.is(value, -0)) below++;
  return rank < below ? -0 : 0;
}
