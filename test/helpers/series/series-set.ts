// Deterministic series for real servers: the same options give the same samples, on every machine and run.
// All values are multiples of 1/1024 far below 2^42, so sums are exact in whatever order they are taken.

import type { Histogram } from '../../../src/model/index.js';

/** A series; its values are floats unless the type parameter includes histograms. */
export interface TestSeries<Value extends TestValue = number | 'stale'> {
  /** `__name__` included. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, ascending. */
  readonly timestamps: readonly number[];
  readonly values: readonly Value[];
}

/** `'stale'` is Prometheus' stale marker. */
export type TestValue = number | 'stale' | TestHistogram;

/** A native histogram, written with counts as integers or as floats. */
export interface TestHistogram {
  readonly histogram: Histogram;
  readonly as: 'integers' | 'floats';
}

export interface SeriesSetOptions {
  /** Seeds the values, so that two regions differ; it is not a label of the series. */
  readonly region: string;
  /** The first sample's time, inclusive. */
  readonly startMs: number;
  /** The last time that may hold a sample, inclusive. */
  readonly endMs: number;
  /** Between two samples; default 15 s. */
  readonly intervalMs?: number;
  /** Default 3: `ns-0`, `ns-1`, … */
  readonly namespaces?: number;
  /** For each namespace; default 4: `pod-0`, `pod-1`, … */
  readonly pods?: number;
  /** Names of metrics (families, for histograms) that this region lacks. */
  readonly omit?: readonly string[];
  /** The last pod of each namespace ends with a stale marker in the middle. Default false. */
  readonly churn?: boolean;
}

/** The families of {@link seriesSet}, with the number of series each has for one pod. */
export const seriesSetFamilies = {
  http_requests_total: 2,
  memory_usage_bytes: 1,
  queue_depth: 1,
  request_duration_seconds: 7,
} as const;

const bucketBounds = ['0.1', '0.25', '0.5', '1', '+Inf'];

/**
 * A counter with resets (`http_requests_total`, by `code`), two gauges (`memory_usage_bytes`, and `queue_depth`,
 * which goes below zero) and a classic histogram (`request_duration_seconds`), for each pod of each namespace.
 */
export function seriesSet(options: SeriesSetOptions): TestSeries[] {
  const { region, startMs, endMs, intervalMs = 15_000, namespaces = 3, pods = 4 } = options;
  const omitted = new Set(options.omit);
  const times = timestamps(startMs, endMs, intervalMs);
  const series: TestSeries[] = [];
  for (let n = 0; n < namespaces; n++) {
    for (let p = 0; p < pods; p++) {
      const pod = { namespace: `ns-${n}`, pod: `pod-${p}` };
      const ofPod = podSeries(pod, `${region}/${n}/${p}`, times, omitted);
      const ends = options.churn === true && p === pods - 1;
      series.push(...(ends ? ofPod.map((one) => endAt(one, Math.floor(times.length / 2))) : ofPod));
    }
  }
  return series;
}

/** `count` counters `name{namespace, pod, id}` over ten namespaces, for wide results. */
export function wideCounters(options: {
  readonly name: string;
  readonly region: string;
  readonly count: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
  /** Digits after the point; default full precision, about 17 digits in all. */
  readonly decimals?: number;
}): TestSeries[] {
  const { decimals } = options;
  const times = timestamps(options.startMs, options.endMs, options.intervalMs);
  return Array.from({ length: options.count }, (_, id) => {
    const next = random(`${options.region}/${options.name}/${id}`);
    let total = next() * 1e5;
    const values = times.map(() => {
      total += next() * 100;
      return decimals === undefined ? total : Number(total.toFixed(decimals));
    });
    const labels = {
      __name__: options.name,
      namespace: `namespace-${id % 10}`,
      pod: `workload-${Math.floor(id / 10)}-7d9f8b6c5d-x2x4z`,
      id: String(id),
    };
    return { labels, timestamps: times, values };
  });
}

/** Returns the same samples with more labels, like a server group's series in the union of all regions. */
export function withLabels<Value extends TestValue>(
  series: readonly TestSeries<Value>[],
  labels: Readonly<Record<string, string>>,
): TestSeries<Value>[] {
  return series.map((one) => ({ ...one, labels: { ...one.labels, ...labels } }));
}

function timestamps(startMs: number, endMs: number, intervalMs: number): number[] {
  if (!(intervalMs > 0) || endMs < startMs)
    throw new Error('a series set needs startMs ≤ endMs, intervalMs > 0');
  return Array.from(
    { length: Math.floor((endMs - startMs) / intervalMs) + 1 },
    (_, i) => startMs + i * intervalMs,
  );
}

function podSeries(
  pod: Readonly<Record<string, string>>,
  seed: string,
  times: readonly number[],
  omitted: ReadonlySet<string>,
): TestSeries[] {
  const series: TestSeries[] = [];
  const add = (name: string, labels: Readonly<Record<string, string>>, values: readonly number[]): void => {
    series.push({ labels: { __name__: name, ...pod, ...labels }, timestamps: times, values });
  };
  if (!omitted.has('http_requests_total')) {
    for (const code of ['200', '500'])
      add('http_requests_total', { code }, counter(`${seed}/${code}`, times));
  }
  if (!omitted.has('memory_usage_bytes')) {
    const next = random(`${seed}/memory`);
    add(
      'memory_usage_bytes',
      {},
      times.map(() => 64 * 2 ** 20 + Math.floor(next() * 2 ** 20) * 64),
    );
  }
  if (!omitted.has('queue_depth')) {
    const next = random(`${seed}/queue`);
    add(
      'queue_depth',
      {},
      times.map(() => Math.floor(next() * 64 - 16) / 4),
    );
  }
  if (!omitted.has('request_duration_seconds')) {
    for (const { suffix, labels, values } of histogram(`${seed}/duration`, times)) {
      add(`request_duration_seconds${suffix}`, labels, values);
    }
  }
  return series;
}

function counter(seed: string, times: readonly number[]): number[] {
  const next = random(seed);
  let total = Math.floor(next() * 1000);
  return times.map(() => {
    // About one restart of the process in 200 samples.
    if (next() < 0.005) total = 0;
    return (total += Math.floor(next() * 50));
  });
}

function histogram(
  seed: string,
  times: readonly number[],
): { suffix: string; labels: Record<string, string>; values: number[] }[] {
  const next = random(seed);
  const buckets = bucketBounds.map(() => [] as number[]);
  const sums: number[] = [];
  const counts = bucketBounds.map(() => 0);
  let sum = 0;
  for (let i = 0; i < times.length; i++) {
    let below = 0;
    for (let b = 0; b < bucketBounds.length; b++) {
      const inBucket = Math.floor(next() * 10);
      below += inBucket;
      sum += (inBucket * (b + 1)) / 8;
      counts[b]! += below;
      buckets[b]!.push(counts[b]!);
    }
    sums.push(sum);
  }
  return [
    ...bucketBounds.map((le, b) => ({ suffix: '_bucket', labels: { le }, values: buckets[b]! })),
    { suffix: '_count', labels: {}, values: buckets.at(-1)! },
    { suffix: '_sum', labels: {}, values: sums },
  ];
}

function endAt(series: TestSeries, length: number): TestSeries {
  return {
    labels: series.labels,
    timestamps: series.timestamps.slice(0, length + 1),
    values: [...series.values.slice(0, length), 'stale'],
  };
}

/** Numbers in [0, 1), seeded by a text: FNV-1a for the seed, mulberry32 for the sequence. */
export function random(seed: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
