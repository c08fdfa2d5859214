// Native histograms: their shape, their buckets, and when two are equal. Not what is computed of several.

/** What a sample knows about a counter reset since the sample before it. */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** The populated buckets of one sign: ascending indices, and as many counts, none of which is 0. */
export interface SparseBuckets {
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A native histogram with counts as floats. Never changed once made: samples share them freely.
 *
 * With a schema from −4 to 8 the bucket of index i holds values up to and including `2^(i·2^−schema)`, down to the
 * bound of index i−1, which it excludes; negative buckets mirror positive ones, and the zero bucket holds what is no
 * further from 0 than `zeroThreshold`. With CUSTOM_BUCKETS, `customValues` are the ascending upper bounds of the
 * buckets 0, 1, …, and one more bucket goes up to infinity; there are no negative buckets and no zero bucket.
 *
 * Source: Prometheus, model/histogram/float_histogram.go.
 */
export interface Histogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: SparseBuckets;
  readonly negative: SparseBuckets;
  readonly customValues: readonly number[];
  readonly hint: CounterResetHint;
}

/** The schema of histograms with custom buckets. */
export const CUSTOM_BUCKETS = -53;

export const NO_BUCKETS: SparseBuckets = { indices: [], counts: [] };

/** A histogram of what is given; the rest is 0 and empty. */
export function createHistogram(parts: Partial<Histogram> = {}): Histogram {
  return {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customValues: [],
    hint: 'unknown',
    ...parts,
  };
}

/** Buckets of adjoining indices from `offset` on; those that count nothing are left out. */
export function denseBuckets(offset: number, counts: readonly number[]): SparseBuckets {
  const populated = counts.map((count, i) => [offset + i, count] as const).filter(([, count]) => count !== 0);
  return { indices: populated.map(([index]) => index), counts: populated.map(([, count]) => count) };
}

export function usesCustomBuckets({ schema }: Histogram): boolean {
  return schema === CUSTOM_BUCKETS;
}

/** How many floats the histogram amounts to where samples are counted. */
export function histogramWeight({ positive, negative }: Histogram): number {
  return 4 + positive.counts.length + negative.counts.length;
}

/** Of schemas 1 to 8, half the factor from one bound to the next; not all of them rounded to the nearest double. */
const HALF_FACTORS = [
  0.7071067811865475, 0.5946035575013605, 0.5452538663326288, 0.5221368912137069, 0.5109485743270583,
  0.5054446430258502, 0.5027149505564014, 0.5013556375251013,
] as const;

/**
 * By schema, the bounds from 0.5 inclusive to 1 exclusive. Half of each schema's are those of the one before it, the
 * others are their products with the factor: the last bit of every bound depends on it, and `2 ** x` has it otherwise.
 *
 * Source: Prometheus, model/histogram/generic.go (`exponentialBounds`), whose numbers are made as client_golang says in
 * prometheus/histogram.go, below `nativeHistogramBounds`.
 */
const EXPONENTIAL_BOUNDS: readonly Float64Array[] = createExponentialBounds();

function createExponentialBounds(): Float64Array[] {
  const all = [Float64Array.of(0.5)];
  for (const half of HALF_FACTORS) {
    const coarser = all.at(-1)!;
    const bounds = new Float64Array(coarser.length * 2);
    for (const [i, bound] of coarser.entries()) {
      bounds[2 * i] = bound;
      bounds[2 * i + 1] = bound * half * 2;
    }
    all.push(bounds);
  }
  return all;
}

/**
 * The upper bound of a positive bucket. Values near the greatest float are all in one bucket that ends there.
 *
 * Source: Prometheus, model/histogram/generic.go (`getBound`).
 */
export function boundOf(index: number, schema: number, customValues: readonly number[]): number {
  if (schema === CUSTOM_BUCKETS) {
    if (index < 0) return -Infinity;
    return customValues[index] ?? Infinity;
  }
  const bounds = EXPONENTIAL_BOUNDS[schema];
  if (bounds === undefined || schema === 0) return powerOfTwo(index * 2 ** -schema);
  const turns = Math.floor(index / bounds.length);
  const fraction = bounds[index - turns * bounds.length]!;
  if (fraction === 0.5) return powerOfTwo(turns);
  // The power alone may be beyond what a float has, at either end, where the bound is not.
  return turns < 0 ? fraction * 2 ** (turns + 1) : fraction * 2 * 2 ** turns;
}

function powerOfTwo(exponent: number): number {
  return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
}

/** A bucket with its bounds. Of equal distance from 0, the bound nearer to it is excluded, but for the zero bucket. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** The populated buckets, ascending. Source: Prometheus, model/histogram (`AllBucketIterator`). */
export function bucketsOf(histogram: Histogram): Bucket[] {
  const { schema, customValues, positive, negative, zeroCount, zeroThreshold } = histogram;
  const all: Bucket[] = [];
  for (let i = negative.indices.length - 1; i >= 0; i--) {
    const index = negative.indices[i]!;
    all.push({
      lower: -boundOf(index, schema, customValues),
      upper: -boundOf(index - 1, schema, customValues),
      lowerInclusive: true,
      upperInclusive: false,
      count: negative.counts[i]!,
    });
  }
  // Not a negative one either, which the difference of two gauges may have.
  if (zeroCount > 0) {
    all.push({
      lower: -zeroThreshold,
      upper: zeroThreshold,
      lowerInclusive: true,
      upperInclusive: true,
      count: zeroCount,
    });
  }
  for (const [i, index] of positive.indices.entries()) {
    const lower = boundOf(index - 1, schema, customValues);
    all.push({
      lower,
      upper: boundOf(index, schema, customValues),
      lowerInclusive: schema === CUSTOM_BUCKETS && index === 0,
      upperInclusive: true,
      count: positive.counts[i]!,
    });
  }
  return all;
}

/** Whether two lists of numbers are the same. Two NaN are. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i] || (value !== value && b[i] !== b[i]));
}

/**
 * Whether two histograms are the same but for their hints. Buckets that count nothing make no difference.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`Equals`).
 */
export function equalHistograms(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    sameNumbers(
      [a.zeroThreshold, a.zeroCount, a.count, a.sum, ...a.customValues],
      [b.zeroThreshold, b.zeroCount, b.count, b.sum, ...b.customValues],
    ) &&
    sameNumbers(a.positive.indices, b.positive.indices) &&
    sameNumbers(a.positive.counts, b.positive.counts) &&
    sameNumbers(a.negative.indices, b.negative.indices) &&
    sameNumbers(a.negative.counts, b.negative.counts)
  );
}
