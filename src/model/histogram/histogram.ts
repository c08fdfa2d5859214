// Native histograms: their data, their buckets and their equality. `arithmetic.ts` combines several.

/**
 * Hint of a sample about a counter reset since the previous sample. Source: Prometheus, model/histogram/histogram.go.
 */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** The populated buckets of one sign. Indices ascend; `counts[i]` belongs to `indices[i]` and is not 0. */
export interface SparseBuckets {
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A native histogram with float counts. Immutable: samples share histograms.
 *
 * With a schema from −4 to 8, positive bucket i holds the values up to `2^(i·2^−schema)`, inclusive, above the upper
 * bound of bucket i−1; negative buckets mirror positive ones. The zero bucket holds the values with a distance from 0
 * of at most `zeroThreshold`.
 *
 * With the schema CUSTOM_BUCKETS, `customValues` are the ascending upper bounds, inclusive, of the buckets 0, 1, …, and
 * one more bucket extends to infinity. There are no negative buckets and no zero bucket.
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

/** Buckets without observations. */
export const NO_BUCKETS: SparseBuckets = { indices: [], counts: [] };

/** Creates a histogram from its parts. Missing parts are 0, empty or `unknown`. */
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

/** Creates buckets from pairs of index and count in ascending order. Counts of 0 are dropped. */
export function populatedBuckets(buckets: readonly (readonly [number, number])[]): SparseBuckets {
  const populated = buckets.filter(([, count]) => count !== 0);
  return { indices: populated.map(([index]) => index), counts: populated.map(([, count]) => count) };
}

/** Reports whether the histogram has custom bucket bounds. */
export function usesCustomBuckets({ schema }: Histogram): boolean {
  return schema === CUSTOM_BUCKETS;
}

/**
 * Returns the size of a histogram for limits, in float samples: four, and one for each populated bucket. A sample with
 * a histogram counts as one more than this.
 */
export function histogramWeight({ positive, negative }: Histogram): number {
  return 4 + positive.counts.length + negative.counts.length;
}

/** Half the factor between neighbouring bounds, for schemas 1 to 8. Some values differ from the nearest double. */
const HALF_FACTORS = [
  0.7071067811865475, 0.5946035575013605, 0.5452538663326288, 0.5221368912137069, 0.5109485743270583,
  0.5054446430258502, 0.5027149505564014, 0.5013556375251013,
] as const;

/**
 * Bounds in [0.5, 1), by schema. A schema has all bounds of the next coarser schema, each followed by its product with
 * the factor. `2 ** x` would differ from Prometheus' bounds in the last bit.
 *
 * Source: Prometheus, model/histogram/generic.go (`exponentialBounds`), computed as client_golang describes in
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
 * Returns the upper bound of a positive bucket, inclusive. The bucket with the largest finite values ends at the
 * largest float instead of infinity.
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
  // Avoids overflow and underflow of the power where the bound itself is a float.
  return turns < 0 ? fraction * 2 ** (turns + 1) : fraction * 2 * 2 ** turns;
}

function powerOfTwo(exponent: number): number {
  return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
}

/** A bucket with its bounds. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** Returns the populated buckets in ascending order. Source: Prometheus, model/histogram (`AllBucketIterator`). */
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
  // A negative count, as in the difference of two gauges, is skipped as well.
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

/** Reports whether two lists have the same numbers. NaN equals NaN. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i] || (value !== value && b[i] !== b[i]));
}

/**
 * Reports whether two histograms are equal, ignoring their hints. NaN equals NaN.
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
