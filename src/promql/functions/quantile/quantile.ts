// Quantiles of floats.

import type { Pauses } from '../range/range-function.js';
import { selectRank, selectRankLong } from './select-rank.js';

/** Number of values below which sorting is as fast as selection. */
const MIN_SELECTED = 32;

/** Computes the q-quantile as `quantileOfSorted` does, of values in any order. Reorders `values`. */
export function quantileOf(q: number, values: Float64Array): number {
  if (!(q >= 0 && q <= 1)) return quantileOfSorted(q, values);
  if (values.length < MIN_SELECTED) return quantileOfSorted(q, values.sort());
  const numbers = withoutNaN(values);
  const nanCount = values.length - numbers.length;
  const { lower } = ranksOf(q, values.length);
  if (lower < nanCount) return NaN;
  selectRank(numbers, lower - nanCount);
  return quantileOfSelected(q, numbers, nanCount);
}

/** Computes the q-quantile as `quantileOf` does, with pauses. Reorders `values`. */
export async function quantileOfLong(q: number, values: Float64Array, pauses: Pauses): Promise<number> {
  if (!(q >= 0 && q <= 1)) return quantileOfSorted(q, values);
  const numbers = withoutNaN(values);
  const nanCount = values.length - numbers.length;
  const { lower } = ranksOf(q, values.length);
  if (lower < nanCount) return NaN;
  await selectRankLong(numbers, lower - nanCount, pauses);
  return quantileOfSelected(q, numbers, nanCount);
}

/** @param numbers the numbers among the values, with the lower rank of the quantile selected. */
function quantileOfSelected(q: number, numbers: Float64Array, nanCount: number): number {
  const { lower, upper, weight } = ranksOf(q, numbers.length + nanCount);
  const value = valueAt(numbers, lower - nanCount);
  if (upper === lower) return interpolate(value, value, weight);
  let next = Infinity;
  for (let i = lower - nanCount + 1; i < numbers.length; i++) if (numbers[i]! < next) next = numbers[i]!;
  return interpolate(value, next === 0 ? zeroAt(numbers, upper - nanCount) : next, weight);
}

/**
 * Computes the q-quantile of values in the order of `Float64Array.sort`, with linear interpolation between ranks. NaN
 * ranks lowest. Returns NaN without values or for a NaN q, −Inf for q < 0 and +Inf for q > 1.
 *
 * Source: Prometheus, promql/quantile.go (`quantile`).
 */
export function quantileOfSorted(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  // A typed array sorts NaN last, but PromQL ranks it first.
  let nanCount = 0;
  while (nanCount < values.length && Number.isNaN(values[values.length - 1 - nanCount])) nanCount++;
  const at = (rank: number): number => (rank < nanCount ? NaN : values[rank - nanCount]!);
  const { lower, upper, weight } = ranksOf(q, values.length);
  return interpolate(at(lower), at(upper), weight);
}

/** Returns the ranks around a quantile, and the weight of the upper one. */
function ranksOf(q: number, count: number): { lower: number; upper: number; weight: number } {
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  return { lower, upper: Math.min(count - 1, lower + 1), weight: rank - Math.floor(rank) };
}

function interpolate(lower: number, upper: number, weight: number): number {
  return lower * (1 - weight) + upper * weight;
}

/** Moves the numbers to the start of `values`, in their order. Returns that part. */
function withoutNaN(values: Float64Array): Float64Array {
  let count = 0;
  for (const value of values) if (value === value) values[count++] = value;
  return values.subarray(0, count);
}

/** Returns the value at a selected rank, with the sign of zero that sorting would give. */
function valueAt(selected: Float64Array, rank: number): number {
  const value = selected[rank]!;
  return value === 0 ? zeroAt(selected, rank) : value;
}

/** Returns the zero that sorting puts at a rank: −0 comes before 0. */
function zeroAt(values: Float64Array, rank: number): number {
  let below = 0;
  for (const value of values) if (value < 0 || Object.is(value, -0)) below++;
  return rank < below ? -0 : 0;
}
