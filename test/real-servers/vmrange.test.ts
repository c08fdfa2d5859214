// Histograms of VictoriaMetrics, whose buckets have the label vmrange. Histogram functions that promfed computes have the
// results of a real VictoriaMetrics over the same series.
//
// PROMFED_RUNS is the number of random histograms, with PROMFED_SEED.

import fc from 'fast-check';
import t from 'tap';

import { api, startPromfed, untilDetected } from '../helpers/promfed/promfed.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { bucketSeries, rangeOf } from '../helpers/series/range-buckets.js';
import { withLabels, type TestSeries } from '../helpers/series/series-set.js';
import { answerDifferences, hasSamples, nameless, type UnionAnswer } from '../helpers/union/answers.js';

const skip = withoutRealServers();
const T0 = 1_750_000_000_000;
const times = { startMs: T0, endMs: T0 + 3_600_000, intervalMs: 15_000 };
const AT = String(T0 / 1000 + 3000);
const RANGE = { start: String(T0 / 1000 + 600), end: String(T0 / 1000 + 3600), step: '60' };

const runs = randomRuns(150);
const seed = randomSeed(7);

/**
 * VictoriaMetrics processes the series of a query in any order, and ranges whose ends are equal numbers but different texts
 * in the order of their series. It answers about one such query of 50 with another result, which promfed does not copy.
 */
const MAX_UNSTABLE_ANSWERS = 20;

type Parameters = Readonly<Record<string, string>>;

/** Sends an instant query, or a range query if the parameters have a start. */
function ask(url: string, query: string, parameters: Parameters): Promise<UnionAnswer> {
  const path = parameters['start'] === undefined ? '/api/v1/query' : '/api/v1/query_range';
  return api(url, path, { query, ...parameters });
}

function askVictoriaMetrics(url: string, query: string, parameters: Parameters): Promise<UnionAnswer> {
  return ask(url, query, { ...parameters, nocache: '1', latency_offset: '1ms' });
}

/** Compares an answer with one expected answer after the other, until one is equal or `count` were compared. */
async function differencesUntilEqual(
  actual: UnionAnswer,
  expected: () => Promise<UnionAnswer>,
  count: number,
): Promise<readonly unknown[]> {
  const differences = answerDifferences(actual, await expected());
  return differences.length === 0 || count === 1
    ? differences
    : differencesUntilEqual(actual, expected, count - 1);
}

function groupOf(url: string, more: object = {}): object {
  return { static_configs: [{ targets: [new URL(url).host] }], ...more };
}

function configOf(...groups: readonly object[]): string {
  return JSON.stringify({ promxy: { server_groups: groups } });
}

/** A deterministic number from 0 up to `limit`, exclusive. */
function pseudoRandom(a: number, b: number, limit: number): number {
  return ((Math.imul(a + 1, 2_654_435_761) ^ Math.imul(b + 1, 40_503_001)) >>> 7) % limit;
}

/** The series of the issue: counters that grow linearly. */
const REGION_A: readonly TestSeries[] = [
  bucketSeries(
    { __name__: 'v_bucket', instance: '1', vmrange: '1.000e-01...1.136e-01' },
    times,
    (i) => 2 * i,
  ),
  bucketSeries({ __name__: 'v_bucket', instance: '1', vmrange: '1.000e+00...1.136e+00' }, times, (i) => i),
];
const REGION_B: readonly TestSeries[] = [
  bucketSeries(
    { __name__: 'v_bucket', instance: '2', vmrange: '1.000e-01...1.136e-01' },
    times,
    (i) => 5 * i,
  ),
];

/** Counters in buckets as client libraries write them, with gaps between the ranges and at both ends of the scale. */
function linearSeries(name: string, shift: number): TestSeries[] {
  const values = [0, 3e-7, 0.0011, 0.0012, 0.013, 0.014, 0.015, 0.2, 3.3, 47, 1e19];
  return ['a', 'b', 'c'].flatMap((instance, n) =>
    [...new Set(values.map(rangeOf))].map(
      (vmrange, i) =>
      bucketSeries({ __name__: name, instance, job: `j${n % 2}`, vmrange }, times, (k) => (1 + pseudoRandom(i, n + shift, 9)) * k), // prettier-ignore
    ),
  );
}

/** Values that change at random, are often 0, and begin late in some series. */
function changingSeries(name: string): TestSeries[] {
  const values = [0.001, 0.002, 0.01, 0.011, 0.5, 7, 100, 1e19];
  return ['a', 'b'].flatMap((instance, n) =>
    values.map((value, i) =>
      bucketSeries({ __name__: name, instance, vmrange: rangeOf(value) }, times, (k) =>
        i === 5 && k < 100 ? undefined : Math.max(0, pseudoRandom(13 * i + n, k >> 3, 12) - 5),
      ),
    ),
  );
}

/** Ranges and bounds that client libraries do not write. */
function oddSeries(): TestSeries[] {
  const of = (labels: Readonly<Record<string, string>>, value: number): TestSeries =>
    bucketSeries(labels, times, () => value);
  const ranges = (name: string, list: readonly string[]): TestSeries[] =>
    list.map((vmrange, i) => of({ __name__: name, vmrange }, i + 1));
  return [
    ...ranges('malformed_bucket', ['1...2', 'foo', '1..3', '...', '1...', '...1', '1...2...3', '1...1e999', '0x1p1...0x1p2']), // prettier-ignore
    ...ranges('overlap_bucket', ['0.5...0.7', '0...1', '0.6...0.9']),
    ...ranges('inverted_bucket', ['4...2', '5...6']),
    ...ranges('empty_bucket', ['1...2', '3...3', '4...5']),
    ...ranges('negative_bucket', ['-4...-2', '-1...0', '1...2']),
    ...ranges('texts_bucket', ['0.1...1', '1.0...2', '1e0...1.000e+00']),
    ...ranges('infinite_bucket', ['1...+Inf']),
    of({ __name__: 'mixed_bucket', instance: 'a', le: '1' }, 2),
    of({ __name__: 'mixed_bucket', instance: 'a', le: '+Inf' }, 5),
    of({ __name__: 'mixed_bucket', instance: 'a', vmrange: '1...2' }, 2),
    of({ __name__: 'mixed_bucket', instance: 'a', vmrange: '3...4' }, 1),
    of({ __name__: 'mixed_bucket', instance: 'b', vmrange: '3...4' }, 1),
    of({ __name__: 'mixed_bucket', instance: 'c', vmrange: '3...4', le: 'x' }, 1),
  ];
}

/** Expressions whose operands have equal values in both languages: linear counters and plain selectors. */
const expressions = [
  ...[0, 0.01, 0.5, 0.9, 0.99, 1].map((q) => `histogram_quantile(${q}, linear_bucket)`),
  'histogram_quantile(0.9, sum by (instance, vmrange) (rate(linear_bucket[1m])))',
  'histogram_quantile(0.9, sum by (vmrange) (rate(linear_bucket[5m])))',
  'histogram_quantile(0.9, sum by (job, vmrange) (increase(linear_bucket[5m])))',
  'histogram_quantile(0.9, sum without (instance) (rate(linear_bucket[1m])))',
  'histogram_quantile(0.9, sum by (job, vmrange, le) (linear_bucket))',
  'histogram_quantile(0.9, linear_bucket{vmrange!~"1.*"})',
  'histogram_quantile(0.9, avg by (vmrange) (linear_bucket))',
  'histogram_quantile(0.9, linear_bucket * 2)',
  'histogram_quantile(0.9, max_over_time(linear_bucket[5m]))',
  'histogram_quantile(0.5, changing_bucket)',
  'histogram_quantile(0.9, changing_bucket)',
  'histogram_quantile(0, changing_bucket)',
  'histogram_quantile(1, changing_bucket)',
  'histogram_quantile(0.75, sum by (vmrange) (changing_bucket))',
  'sum(histogram_quantile(0.5, linear_bucket))',
  'histogram_quantile(0.99, linear_bucket) - histogram_quantile(0.5, linear_bucket)',
  'histogram_fraction(0, 0.1, linear_bucket)',
  'histogram_fraction(0.0011, 3, sum by (job, vmrange) (rate(linear_bucket[1m])))',
  'histogram_fraction(0.005, 8, changing_bucket)',
  'histogram_fraction(0, +Inf, linear_bucket)',
  'histogram_quantile(0.3, mixed_bucket)',
  'histogram_quantile(0.9, mixed_bucket)',
  'histogram_fraction(0, 1.5, mixed_bucket)',
  ...['malformed', 'inverted', 'negative', 'infinite'].map(
    (name) => `histogram_quantile(0.7, ${name}_bucket)`,
  ),
  ...['malformed', 'inverted', 'negative', 'infinite', 'empty'].map(
    (name) => `histogram_fraction(0, 1.7, ${name}_bucket)`,
  ),
  ...[0.1, 0.5, 0.8].flatMap((q) =>
    ['overlap', 'empty', 'texts'].map((name) => `histogram_quantile(${q}, ${name}_bucket)`),
  ),
];

t.test('functions that promfed computes have the results of VictoriaMetrics', { skip }, async (t) => {
  const reference = await startVictoriaMetrics(t);
  const series = [...linearSeries('linear_bucket', 0), ...changingSeries('changing_bucket'), ...oddSeries()];
  await importIntoVictoriaMetrics(reference.url, series);
  const promfed = await startPromfed(t, configOf(groupOf(reference.url, { semantics: 'exact' })));
  await untilDetected(promfed.url);
  for (const query of expressions) {
    for (const parameters of [{ time: AT }, { time: RANGE.start }, RANGE]) {
      const actual = await ask(promfed.url, query, parameters);
      const expected = (): Promise<UnionAnswer> => askVictoriaMetrics(reference.url, query, parameters);
      t.ok(hasSamples(await expected()), `${query}: has samples`);
      const allowed = query.includes('texts') ? MAX_UNSTABLE_ANSWERS : 1;
      t.same(
        await differencesUntilEqual(actual, expected, allowed),
        [],
        `${query} ${JSON.stringify(parameters)}`,
      );
      const isComplete = !query.includes('malformed');
      if (isComplete) t.notOk(actual.warnings, `${query}: no warnings`);
    }
  }
  await t.test('histogram_quantiles', async (t) => {
    const [actual, expected] = await Promise.all([
      ask(promfed.url, 'histogram_quantiles(linear_bucket, "q", 0.5, 0.9)', RANGE),
      askVictoriaMetrics(reference.url, 'histogram_quantiles("q", 0.5, 0.9, linear_bucket)', RANGE),
    ]);
    t.ok(hasSamples(expected));
    t.same(answerDifferences(actual, expected), []);
  });
});

t.test(`${runs} random histograms of seed ${seed}`, { skip }, async (t) => {
  const reference = await startVictoriaMetrics(t);
  const [exponent, count] = [fc.double({ min: -10, max: 19, noNaN: true }), fc.integer({ min: 0, max: 9 })];
  // Neighbouring ranges and ranges with gaps between them.
  const bucket = fc.tuple(fc.oneof(exponent, fc.double({ min: 0, max: 0.5, noNaN: true })), fc.array(count, { minLength: 1, maxLength: 4 })); // prettier-ignore
  const histograms = fc.sample(fc.array(bucket, { minLength: 1, maxLength: 20 }), { numRuns: runs, seed });
  const series = histograms.flatMap((buckets, i) =>
    [...new Map(buckets.map(([power, counts]) => [rangeOf(10 ** power), counts]))].map(
      ([vmrange, counts]) =>
      bucketSeries({ __name__: 'random_bucket', histogram: String(i), vmrange }, times, (k) => counts[(k >> 4) % counts.length]!), // prettier-ignore
    ),
  );
  await importIntoVictoriaMetrics(reference.url, series);
  const promfed = await startPromfed(t, configOf(groupOf(reference.url, { semantics: 'exact' })));
  await untilDetected(promfed.url);
  for (const q of [0, 0.1, 0.5, 0.77, 0.99, 1]) {
    for (const query of [
      `histogram_quantile(${q}, random_bucket)`,
      `histogram_fraction(${q / 10}, ${10 ** (4 * q)}, random_bucket)`,
    ]) {
      for (const parameters of [{ time: AT }, RANGE]) {
        const [actual, expected] = await Promise.all([
          ask(promfed.url, query, parameters),
          askVictoriaMetrics(reference.url, query, parameters),
        ]);
        t.ok(hasSamples(expected), `${query}: has samples`);
        t.same(answerDifferences(actual, expected), [], query);
      }
    }
  }
});

t.test('histograms over two regions', { skip }, async (t) => {
  const [a, b, union, prometheus, prometheusA] = await Promise.all([
    startVictoriaMetrics(t),
    startVictoriaMetrics(t),
    startVictoriaMetrics(t),
    startPrometheus(t),
    startPrometheus(t),
  ]);
  const inA = [...REGION_A, ...linearSeries('linear_bucket', 0)];
  const inB = [...REGION_B, ...linearSeries('linear_bucket', 5)];
  await Promise.all([
    importIntoVictoriaMetrics(a.url, inA),
    importIntoVictoriaMetrics(b.url, inB),
    importIntoPrometheus(prometheus.url, inB),
    importIntoPrometheus(prometheusA.url, inA),
    importIntoVictoriaMetrics(union.url, [
      ...withLabels(inA, { region: 'a' }),
      ...withLabels(inB, { region: 'b' }),
    ]),
  ]);
  const layouts: readonly (readonly [name: string, config: string])[] = [
    [
      'VictoriaMetrics',
      configOf(groupOf(a.url, { labels: { region: 'a' } }), groupOf(b.url, { labels: { region: 'b' } })),
    ],
    [
      'VictoriaMetrics and Prometheus',
      configOf(
        groupOf(a.url, { labels: { region: 'a' } }),
        groupOf(prometheus.url, { labels: { region: 'b' } }),
      ),
    ],
    [
      'Prometheus',
      configOf(
        groupOf(prometheusA.url, { labels: { region: 'a' } }),
        groupOf(prometheus.url, { labels: { region: 'b' } }),
      ),
    ],
  ];
  for (const [name, config] of layouts) {
    await t.test(name, async (t) => {
      const promfed = await startPromfed(t, config);
      await untilDetected(promfed.url);

      await t.test('the example of the issue', async (t) => {
        const query = 'histogram_quantile(0.9, sum by (instance, vmrange) (rate(v_bucket[1m])))';
        const answer = await api(promfed.url, '/api/v1/query', { query, time: AT });
        const rounded = answer.data!.result.map(({ metric, value }) => [
          metric,
          Number(value![1]).toPrecision(5),
        ]);
        t.same(rounded, [
          [{ instance: '1' }, '1.0952'],
          [{ instance: '2' }, '0.11224'],
        ]);
        t.notOk(answer.warnings);
      });

      await t.test(
        'an inverted interval has the result of Prometheus, not the error of VictoriaMetrics',
        async (t) => {
          const query = 'histogram_fraction(1, 0.5, sum by (region, vmrange) (linear_bucket))';
          const { data } = await api(promfed.url, '/api/v1/query', { query, time: AT });
          t.same(
            data!.result.map(({ metric, value }) => [metric, value![1]]),
            [
              [{ region: 'a' }, '0'],
              [{ region: 'b' }, '0'],
            ],
          );
        },
      );

      for (const query of [
        'histogram_quantile(0.9, sum by (vmrange) (rate(linear_bucket[1m])))',
        'histogram_quantile(0.9, sum by (instance, vmrange) (rate(linear_bucket[1m])))',
        'histogram_quantile(0.9, sum by (region, instance, vmrange) (rate(linear_bucket[1m])))',
        'histogram_quantile(0.9, rate(linear_bucket{vmrange!=""}[1m]))',
        'histogram_quantile(0.9, sum without (region) (rate(linear_bucket{vmrange!=""}[1m])))',
        'histogram_quantile(0.9, sum by (vmrange) (linear_bucket{region="b"}))',
        // The region warns that it ignores the buckets.
        'histogram_quantile(0.9, rate(linear_bucket[1m]))',
        'histogram_quantile(0.9, linear_bucket{region="b"})',
        'histogram_fraction(0.001, 1, sum without (instance, job) (linear_bucket))',
        'max by (job) (histogram_quantile(0.9, linear_bucket))',
        'histogram_quantile(0.9, linear_bucket) - histogram_quantile(0.5, linear_bucket)',
        'histogram_fraction(0.001, 1, sum by (region, vmrange) (rate(linear_bucket[1m])))',
        'histogram_quantile(0.9, sum by (region, vmrange) (linear_bucket)) > on (region) histogram_quantile(0.5, sum by (region, vmrange) (linear_bucket))',
      ]) {
        for (const parameters of [{ time: AT }, RANGE]) {
          const [actual, expected] = await Promise.all([
            ask(promfed.url, query, parameters),
            askVictoriaMetrics(union.url, query, parameters),
          ]);
          t.ok(hasSamples(expected), `${query}: has samples`);
          t.same(answerDifferences(nameless(actual), nameless(expected)), [], query);
          t.notOk(actual.warnings, `${query}: no warnings`);
        }
      }
    });
  }
});
