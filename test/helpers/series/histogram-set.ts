// Deterministic series of native histograms for real servers, in every form that Prometheus stores.

import {
  CUSTOM_BUCKETS,
  createHistogram,
  type Histogram,
  type SparseBuckets,
} from '../../../src/model/index.js';
import { random, type TestHistogram, type TestSeries, type TestValue } from './series-set.js';

export interface HistogramSetOptions {
  /** Seeds the values. */
  readonly region: string;
  readonly startMs: number;
  readonly intervalMs: number;
  /** Samples per series. */
  readonly count: number;
}

/** Shapes of `latency`, one series each, by its label `shape`; and `mixed`, with alternating floats and histograms. */
export function histogramSet({
  region,
  startMs,
  intervalMs,
  count,
}: HistogramSetOptions): TestSeries<TestValue>[] {
  const timestamps = Array.from({ length: count }, (_, i) => startMs + i * intervalMs);
  const series = (name: string, shape: string, values: readonly TestValue[]): TestSeries<TestValue> => ({
    labels: { __name__: name, shape },
    timestamps,
    values,
  });
  const of = (shape: string, as: TestHistogram['as'], options: Growth): TestHistogram[] =>
    grow(random(`${region}/${shape}`), count, options).map((histogram) => ({ histogram, as }));
  const exponential = { schema: 3, zeroThreshold: 2 ** -128 };
  const integers = of('integers', 'integers', exponential);
  return [
    series('latency', 'integers', integers),
    series('latency', 'floats', of('floats', 'floats', { ...exponential, factor: 0.37 })),
    series('latency', 'signed', of('signed', 'integers', { ...exponential, schema: 1, hasNegative: true })),
    series('latency', 'resets', of('resets', 'integers', { ...exponential, schema: 0, resetEvery: 17 })),
    series('latency', 'coarser', of('coarser', 'integers', { ...exponential, schema: 5, coarserFrom: 0.5 })),
    series('latency', 'threshold', of('threshold', 'floats', { schema: 2, zeroThreshold: 0.001 })),
    series(
      'latency',
      'ends',
      integers.map((one, i) => (i % 40 >= 30 ? 'stale' : one)),
    ),
    series('bounded', 'integers', of('bounded', 'integers', { customValues: [0.005, 0.1, 1, 2.5, 10] })),
    series(
      'bounded',
      'floats',
      of('bounded', 'floats', { customValues: [-1.5, Math.PI / 10, 1, 1e9], factor: 1 / 3 }),
    ),
    series('gauge', 'gauge', of('gauge', 'floats', { ...exponential, factor: 0.5, isGauge: true })),
    series(
      'mixed',
      'mixed',
      integers.map((one, i) => (i % 25 < 12 ? i / 4 : i % 25 === 12 ? 'stale' : one)),
    ),
  ];
}

interface Growth {
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly customValues?: readonly number[];
  /** Factor of every count. */
  readonly factor?: number;
  readonly hasNegative?: boolean;
  readonly resetEvery?: number;
  /** Share of the series after which the schema is one less. */
  readonly coarserFrom?: number;
  readonly isGauge?: boolean;
}

function grow(next: () => number, length: number, growth: Growth): Histogram[] {
  const { customValues, factor = 1, hasNegative = false, resetEvery = Infinity, isGauge = false } = growth;
  let positive = new Map<number, number>();
  let negative = new Map<number, number>();
  let zero = 0;
  let sum = 0;
  return Array.from({ length }, (_, i) => {
    const isCoarse = growth.coarserFrom !== undefined && i >= length * growth.coarserFrom;
    const clears =
      isGauge || (i > 0 && i % resetEvery === 0) || (isCoarse && i - 1 < length * growth.coarserFrom);
    if (clears) {
      positive = new Map();
      negative = new Map();
      zero = 0;
      sum = 0;
    }
    for (let n = Math.floor(next() * 9); n >= 0; n--) {
      const index =
        customValues === undefined
          ? Math.floor(next() * 14) - 6
          : Math.floor(next() * (customValues.length + 1));
      add(positive, index, 1 + Math.floor(next() * 20));
      if (hasNegative) add(negative, index + 2, 1 + Math.floor(next() * 5));
      sum += Math.floor(next() * 1024) / 16;
    }
    if (customValues === undefined) zero += Math.floor(next() * 3);
    const buckets = { positive: sparse(positive, factor), negative: sparse(negative, factor) };
    const counted = [...buckets.positive.counts, ...buckets.negative.counts];
    return createHistogram({
      schema: customValues === undefined ? growth.schema! - (isCoarse ? 1 : 0) : CUSTOM_BUCKETS,
      zeroThreshold: growth.zeroThreshold ?? 0,
      zeroCount: zero * factor,
      customValues: customValues ?? [],
      ...buckets,
      count: counted.reduce((total, one) => total + one, zero * factor),
      sum,
      hint: isGauge ? 'gauge' : 'unknown',
    });
  });
}

function add(counts: Map<number, number>, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}

function sparse(counts: ReadonlyMap<number, number>, factor: number): SparseBuckets {
  const entries = [...counts].sort(([a], [b]) => a - b);
  return { indices: entries.map(([index]) => index), counts: entries.map(([, count]) => count * factor) };
}
