// histogram_quantile on classic buckets.

/** What forcing the counts to grow with their bounds had to change. */
export interface MonotonicityFix {
  readonly minBound: number;
  readonly maxBound: number;
  readonly maxDifference: number;
}

export interface BucketQuantile {
  readonly value: number;
  readonly monotonicityFix: MonotonicityFix | undefined;
}

/** Relative differences of neighbouring counts below this are taken for rounding. */
const TOLERANCE = 1e-12;

const MIN_NORMAL = 2.2250738585072014e-308;

/**
 * The q-quantile of cumulative buckets: `counts[i]` observations up to and including `bounds[i]`, for `i < length`.
 * Bounds ascend and may repeat. Both arrays are scratch: their contents are changed.
 *
 * Equal bounds are added up; small decreases are taken for rounding, others are removed and reported. Linear within
 * a bucket; the lowest begins at 0 unless its bound is below; the highest gives the bound under it. NaN without a
 * bucket for +Inf, with fewer than two buckets, or without observations.
 *
 * Source: Prometheus, promql/quantile.go (`BucketQuantile`).
 */
export function bucketQuantile(
  q: number,
  bounds: Float64Array,
  counts: Float64Array,
  length: number,
): BucketQuantile {
  if (Number.isNaN(q)) return unforced(NaN);
  if (q < 0) return unforced(-Infinity);
  if (q > 1) return unforced(Infinity);
  if (length === 0 || bounds[length - 1] !== Infinity) return unforced(NaN);
  const size = coalesce(bounds, counts, length);
  const forced = makeMonotonic(bounds, counts, size);
  if (size < 2) return unforced(NaN);
  const observations = counts[size - 1]!;
  if (observations === 0) return unforced(NaN);

  const rank = q * observations;
  let low = 0;
  let high = size - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (counts[middle]! >= rank) high = middle;
    else low = middle + 1;
  }
  if (low === size - 1) return { value: bounds[size - 2]!, monotonicityFix: forced };
  if (low === 0 && bounds[0]! <= 0) return { value: bounds[0]!, monotonicityFix: forced };
  const below = low === 0 ? 0 : counts[low - 1]!;
  const start = low === 0 ? 0 : bounds[low - 1]!;
  const share = (rank - below) / (counts[low]! - below);
  return { value: start + (bounds[low]! - start) * share, monotonicityFix: forced };
}

function unforced(value: number): BucketQuantile {
  return { value, monotonicityFix: undefined };
}

/** Adds up buckets of equal bounds. @returns how many are left. */
function coalesce(bounds: Float64Array, counts: Float64Array, length: number): number {
  let last = 0;
  for (let i = 1; i < length; i++) {
    if (bounds[i] === bounds[last]) {
      counts[last] = counts[last]! + counts[i]!;
    } else {
      last++;
      bounds[last] = bounds[i]!;
      counts[last] = counts[i]!;
    }
  }
  return last + 1;
}

/** Source: Prometheus, promql/quantile.go (`ensureMonotonicAndIgnoreSmallDeltas`). */
function makeMonotonic(
  bounds: Float64Array,
  counts: Float64Array,
  size: number,
): MonotonicityFix | undefined {
  let minBound = Infinity;
  let maxBound = -Infinity;
  let maxDifference = 0;
  let forced = false;
  let previous = counts[0]!;
  for (let i = 1; i < size; i++) {
    const current = counts[i]!;
    if (current === previous) continue;
    if (almostEqual(previous, current)) {
      counts[i] = previous;
    } else if (current < previous) {
      counts[i] = previous;
      forced = true;
      minBound = Math.min(minBound, bounds[i]!);
      maxBound = Math.max(maxBound, bounds[i]!);
      maxDifference = Math.max(maxDifference, previous - current);
    } else {
      previous = current;
    }
  }
  return forced ? { minBound, maxBound, maxDifference } : undefined;
}

/** Source: Prometheus, util/almost (`Equal`). */
function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < TOLERANCE * MIN_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE;
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** The bound that an `le` label stands for; undefined when it is no number. */
export function tryParseBound(le: string): number | undefined {
  if (DECIMAL.test(le)) return Number(le);
  switch (le.toLowerCase()) {
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Infinity;
    case '-inf':
    case '-infinity':
      return -Infinity;
    case 'nan':
      return NaN;
    default:
      return undefined;
  }
}
