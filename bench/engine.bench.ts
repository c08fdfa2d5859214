// Speed of the evaluator over 1,000 series × 1,000 steps of 15 s data in memory, compared with a real Prometheus that
// answers the same query over HTTP.
//
// Run the compiled file: node .build/bench/engine.bench.js [FILTER]. Each case is checked first: both results have the
// same series at the same steps, and values that agree to twelve digits.

import assert from 'node:assert/strict';
import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import {
  Annotations,
  formatTimestamp,
  gridEndMs,
  Labels,
  rangeGrid,
  type Column,
  type RawSeries,
} from '../src/model/index.js';
import { createMemorySource, evaluate } from '../src/promql/eval/index.js';
import { parseExpr } from '../src/promql/language/index.js';
import { planLocally } from '../src/promql/plan/index.js';
import { SampleBudget } from '../src/runtime/index.js';
import { importIntoPrometheus, startPrometheus } from '../test/helpers/real-servers/real-servers.js';
import type { TestSeries } from '../test/helpers/series/series-set.js';
import { createBenchmark } from './benchmark.js';
import { median } from './measure.js';
import { createRandom } from './random.js';
import type { Figure } from './report.js';

const RUNS = 5;
const WARM_UP_RUNS = 2;
const SERIES = 1000;
const STEPS = 1000;
const INTERVAL_MS = 15_000;
/** Data before the first step, for the widest window. */
const LEAD_MS = 3_600_000;
/** Not a multiple of any step, so that no window is aligned with the samples. */
const START_MS = 1_700_000_007_000;
const GRID = rangeGrid(START_MS, START_MS + (STEPS - 1) * INTERVAL_MS, INTERVAL_MS);
/** Largest relative difference of equal values. */
const TOLERANCE = 1e-12;
const BUCKETS = ['0.1', '0.25', '0.5', '1', '+Inf'];

const QUERIES = [
  'rate(x[5m])',
  'sum by (l) (rate(x[5m]))',
  'histogram_quantile(0.9, sum by (le, l) (rate(h[5m])))',
  'x / on (l) group_left y',
  'topk(5, x)',
  'quantile(0.9, x)',
  'max_over_time(x[1h])',
  'sum_over_time(x[1h])',
  'stddev_over_time(x[1h])',
];

/** Creates `x{l, i}`, 1,000 counters with resets; `y{l}`, ten counters; `h{l, i, le}`, 1,000 buckets. */
function createData(): TestSeries[] {
  const timestamps: number[] = [];
  for (let at = START_MS - LEAD_MS - 4000; at <= gridEndMs(GRID); at += INTERVAL_MS) timestamps.push(at);
  const random = createRandom(1);
  const counter = (): number[] => {
    let total = random() * 1e4;
    return timestamps.map(() => {
      if (random() < 0.002) total = 0;
      return (total += random() * 100);
    });
  };
  const series: TestSeries[] = [];
  for (let i = 0; i < SERIES; i++) {
    series.push({
      labels: { __name__: 'x', l: String(i % 10), i: String(i) },
      timestamps,
      values: counter(),
    });
  }
  for (let l = 0; l < 10; l++) {
    series.push({ labels: { __name__: 'y', l: String(l) }, timestamps, values: counter() });
  }
  for (let i = 0; i < SERIES / BUCKETS.length; i++) {
    const values = BUCKETS.map((): number[] => []);
    const counts = BUCKETS.map(() => 0);
    for (let at = 0; at < timestamps.length; at++) {
      let below = 0;
      BUCKETS.forEach((_, b) => {
        below += Math.floor(random() * 20);
        counts[b]! += below;
        values[b]!.push(counts[b]!);
      });
    }
    BUCKETS.forEach((le, b) => {
      const labels = { __name__: 'h', l: String(i % 10), i: String(i), le };
      series.push({ labels, timestamps, values: values[b]! });
    });
  }
  return series;
}

function toRaw({ labels, timestamps, values }: TestSeries): RawSeries {
  return {
    labels: Labels.from(labels),
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values, Number),
  };
}

async function evaluateLocally(raw: readonly RawSeries[], query: string): Promise<readonly Column[]> {
  const plan = planLocally(parseExpr(query), {
    startMs: GRID.startMs,
    endMs: gridEndMs(GRID),
    stepMs: GRID.stepMs,
    defaultStepMs: 60_000,
  });
  const value = await evaluate(plan, {
    grid: GRID,
    fetched: () => Promise.reject(new Error('a local plan has no fetches')),
    samples: createMemorySource(raw),
    lookbackDeltaMs: 300_000,
    defaultStepMs: 60_000,
    budget: new SampleBudget({ maxSamples: 50_000_000 }),
    annotations: new Annotations(),
    signal: new AbortController().signal,
  });
  assert.equal(value.type, 'vector');
  return value.columns;
}

async function queryPrometheus(url: string, query: string): Promise<Buffer> {
  const body = new URLSearchParams({
    query,
    start: formatTimestamp(GRID.startMs),
    end: formatTimestamp(gridEndMs(GRID)),
    step: formatTimestamp(GRID.stepMs),
  });
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, bytes.toString('utf8', 0, 500));
  return bytes;
}

/** Compares the results. Returns the number of compared samples. */
function checkEqual(query: string, ours: readonly Column[], theirs: Buffer): number {
  const { data } = JSON.parse(theirs.toString()) as {
    data: { result: { metric: Record<string, string>; values: [timeS: number, value: string][] }[] };
  };
  const byLabels = new Map(ours.map((column) => [column.labels.toString(), column]));
  assert.equal(byLabels.size, data.result.length, `${query}: number of series`);
  let samples = 0;
  for (const { metric, values } of data.result) {
    const labels = Labels.from(metric).toString();
    const column = byLabels.get(labels);
    assert.ok(column !== undefined, `${query}: ${labels} is missing`);
    let present = 0;
    for (const one of column.present) present += one;
    assert.equal(present, values.length, `${query}: ${labels}: number of samples`);
    for (const [timeS, text] of values) {
      const step = (Math.round(timeS * 1000) - GRID.startMs) / GRID.stepMs;
      assert.equal(column.present[step], 1, `${query}: ${labels} at step ${step}`);
      const expected = Number(text.replace('Inf', 'Infinity'));
      const actual = column.values[step]!;
      const difference = Math.abs(actual - expected) / Math.max(Math.abs(actual), Math.abs(expected));
      assert.ok(
        Object.is(actual, expected) || actual === expected || difference <= TOLERANCE,
        `${query}: ${labels} at step ${step}: ${actual}, Prometheus has ${text}`,
      );
      samples++;
    }
  }
  assert.ok(samples > 0, `${query}: no samples to compare`);
  return samples;
}

/**
 * Returns the bytes that one run allocates on the heap and for typed arrays: the sum over all collections of the bytes
 * in use before it, minus those left by the previous one. `checkAllocatedBytes` checks its accuracy.
 */
async function allocatedBytes(run: () => Promise<unknown>): Promise<number> {
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
  // Garbage of earlier runs would be freed during this one and hide its allocations.
  setFlagsFromString('--expose-gc');
  // With concurrent sweeping, buffers are freed after the end of a collection, which hides allocations meanwhile.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((done) => setTimeout(done, 50));
  }
  const profiler = new GCProfiler();
  profiler.start();
  let left = used();
  await run();
  const end = used();
  setFlagsFromString('--concurrent-array-buffer-sweeping');
  let bytes = 0;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    const [before, after] = [beforeGC, afterGC].map(
      ({ heapStatistics }) => heapStatistics.usedHeapSize + heapStatistics.externalMemory,
    ) as [number, number];
    bytes += Math.max(0, before - left);
    left = after;
  }
  return bytes + Math.max(0, end - left);
}

/** Checks `allocatedBytes` with a known number of arrays that are dropped at once, as operators drop operands. */
async function checkAllocatedBytes(): Promise<void> {
  const [arrays, size] = [50_000, 1000];
  let last: Float64Array | undefined;
  const measured = await allocatedBytes(() => {
    for (let i = 0; i < arrays; i++) last = new Float64Array(size);
    return Promise.resolve(last);
  });
  const known = arrays * size * Float64Array.BYTES_PER_ELEMENT;
  assert.ok(measured > known && measured < 1.1 * known, `${measured} bytes measured, ${known} allocated`);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function measure(query: string, raw: readonly RawSeries[], url: string): Promise<readonly Figure[]> {
  const local = (): Promise<unknown> => evaluateLocally(raw, query);
  const remote = (): Promise<unknown> => queryPrometheus(url, query);
  checkEqual(query, await evaluateLocally(raw, query), await queryPrometheus(url, query));
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    await local();
    await remote();
  }
  const localMs: number[] = [];
  const remoteMs: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    localMs.push(await timed(local));
    remoteMs.push(await timed(remote));
  }
  const [localMedian, remoteMedian] = [median(localMs), median(remoteMs)];
  return [
    { case: query, metric: 'evaluator', value: localMedian, unit: 'ms' },
    { case: query, metric: 'Prometheus', value: remoteMedian, unit: 'ms' },
    {
      case: query,
      metric: 'evaluator / Prometheus',
      value: localMedian / remoteMedian,
      unit: '×',
      atMost: 1,
    },
    { case: query, metric: 'allocated', value: (await allocatedBytes(local)) / 1e6, unit: 'MB' },
  ];
}

const benchmark = createBenchmark('engine');
await benchmark.run(async () => {
  await checkAllocatedBytes();
  const data = createData();
  const prometheus = await startPrometheus(benchmark.t);
  await importIntoPrometheus(prometheus.url, data);
  const raw = data.map(toRaw);
  for (const query of QUERIES.filter((one) => one.includes(process.argv[2] ?? ''))) {
    benchmark.figures.push(...(await measure(query, raw, prometheus.url)));
  }
});
