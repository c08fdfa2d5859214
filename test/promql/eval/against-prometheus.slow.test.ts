// The evaluator and a real Prometheus on the same samples: equal results, errors and annotations.

import { readFileSync } from 'node:fs';

import t from 'tap';

import {
  Annotations,
  formatTimestamp,
  gridEndMs,
  instantGrid,
  Labels,
  PromfedError,
  rangeGrid,
  tryParseFloat,
  type Grid,
  type RawSeries,
  type Value,
} from '../../../src/model/index.js';
import { startPromfed } from '../../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../../helpers/real-servers/real-servers.js';
import { seriesSet, type TestSeries } from '../../helpers/series/series-set.js';

import { evaluateText } from '../../helpers/promqltest/run-script.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

const START_MS = Date.UTC(2024, 1, 28, 22);
const END_MS = START_MS + 3 * 3_600_000;
const COMPLIANCE_FILE = sharedPath('conformance/compliance-queries.json');

const RANGE = rangeGrid(START_MS + 5_400_000 + 7_000, START_MS + 9_000_000, 61_000);
const INSTANT = instantGrid(START_MS + 7_200_123);

/** Series with irregular timestamps, gaps, stale markers and extreme values. */
function oddSeries(): TestSeries[] {
  const times = Array.from({ length: 360 }, (_, i) => START_MS + i * 30_000 + ((i * 7919) % 9_000));
  const gappy = times.filter((_, i) => i % 40 < 25);
  const from = (
    name: string,
    labels: Readonly<Record<string, string>>,
    at: readonly number[],
    value: (i: number) => number | 'stale',
  ): TestSeries => ({
    labels: { __name__: name, ...labels },
    timestamps: at,
    values: at.map((_, i) => value(i)),
  });
  return [
    from('gappy', { l: 'a' }, gappy, (i) => Math.sin(i) * 100),
    from('gappy', { l: 'b' }, gappy, (i) => (i % 25 === 24 ? 'stale' : i * i)),
    from('odd', { l: 'nan' }, times, (i) => (i % 11 === 0 ? NaN : i)),
    from('odd', { l: 'inf' }, times, (i) => (i % 50 === 0 ? Infinity : -i)),
    from('odd', { l: 'ninf' }, times, (i) => (i % 70 === 0 ? -Infinity : i / 7)),
    from('odd', { l: 'huge' }, times, (i) => (i % 2 === 0 ? 1.7e308 : 1.6e308)),
    from('odd', { l: 'tiny' }, times, (i) => (i % 3) * 1e-300),
    from('odd', { l: 'zero' }, times, (i) => (i % 2 === 0 ? 0 : -0)),
    from('steps_total', { l: 'a', version: '1' }, times, (i) => Math.floor(i / 10) % 7),
    from('steps_total', { l: 'b', version: '2' }, times, (i) => 1e15 + (i % 90) * 0.1),
    from('info', { l: 'a', colour: 'red' }, times, () => 1),
    from('info', { l: 'b', colour: 'blue' }, times, () => 1),
    from('ratio', { l: 'a' }, times, (i) => i / 360),
    from('broken_bucket', { le: '1' }, times, (i) => i + 5),
    from('broken_bucket', { le: '2' }, times, (i) => i),
    from('broken_bucket', { le: '+Inf' }, times, (i) => 2 * i + 3),
    from('broken_bucket', { le: 'many' }, times, () => 1),
  ];
}

/** The metrics of the public compliance queries. */
function complianceSeries(): TestSeries[] {
  const times = Array.from({ length: 721 }, (_, i) => START_MS + i * 15_000);
  const series: TestSeries[] = [];
  const add = (labels: Readonly<Record<string, string>>, value: (i: number) => number | 'stale'): void => {
    series.push({
      labels: { job: 'demo', ...labels },
      timestamps: times,
      values: times.map((_, i) => value(i)),
    });
  };
  for (const [n, instance] of ['demo:10000', 'demo:10001', 'demo:10002'].entries()) {
    for (const [m, type] of ['buffers', 'cached', 'free', 'used'].entries()) {
      add(
        { __name__: 'demo_memory_usage_bytes', instance, type },
        (i) => 1e8 * (m + 1) + ((i * 7919 * (n + 1)) % 9973),
      );
    }
    for (const mode of ['idle', 'system', 'user']) {
      add(
        { __name__: 'demo_cpu_usage_seconds_total', instance, mode },
        (i) => (i % (300 + 50 * n)) * (mode.length + 0.125),
      );
    }
    add({ __name__: 'demo_num_cpus', instance }, () => 4);
    add({ __name__: 'demo_disk_usage_bytes', instance, device: 'sda1' }, (i) => 5e10 + i * 12_345 * (n + 1));
    add(
      { __name__: 'demo_batch_last_success_timestamp_seconds', instance },
      (i) => START_MS / 1000 + Math.floor(i / 40) * 600 + n,
    );
    if (n === 0) add({ __name__: 'demo_intermittent_metric', instance }, (i) => (i % 60 < 30 ? 1 : 'stale'));
    for (const [b, le] of ['0.1', '0.5', '1', '+Inf'].entries()) {
      add({ __name__: 'demo_api_request_duration_seconds_bucket', instance, le, path: '/api' }, (i) =>
        Math.floor((i * (b + 1) * 11) / 7),
      );
    }
  }
  return series;
}

/** Queries on the series above, each evaluated as an instant query and as a range query. */
const QUERIES = [
  'http_requests_total',
  'http_requests_total{code=~"5..",namespace!="ns-0"} offset 7m',
  'http_requests_total @ end()',
  'gappy',
  'gappy offset -3m',
  'odd',
  'timestamp(odd)',
  'timestamp(odd offset 2m)',
  'timestamp(odd @ start())',
  'timestamp(-odd)',
  'time() - 1',
  'vector(time())',
  'scalar(ratio) + scalar(odd)',
  '-http_requests_total',
  'absent(gappy{l="a",x="y"})',
  'absent(gappy{l="a",l!="b"})',
  'absent_over_time(gappy{l="a"}[4m])',
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv'].flatMap((f) => [
    `${f}(http_requests_total[5m])`,
    `${f}(gappy[10m])`,
    `${f}(odd[7m])`,
    `${f}(steps_total[3m] offset 1m)`,
    `${f}(steps_total[3m] @ end())`,
    `${f}(http_requests_total[20m:37s])`,
  ]),
  ...['avg', 'min', 'max', 'sum', 'count', 'stddev', 'stdvar', 'last', 'present'].flatMap((f) => [
    `${f}_over_time(gappy[10m])`,
    `${f}_over_time(odd[7m])`,
    `${f}_over_time(memory_usage_bytes[5m:1m] @ start())`,
    `${f}_over_time(rate(http_requests_total[2m])[13m:])`,
  ]),
  'quantile_over_time(0.3, odd[9m])',
  'quantile_over_time(scalar(ratio) * 2, gappy[9m])',
  'predict_linear(memory_usage_bytes[10m], 3600)',
  'predict_linear(steps_total[10m] offset 5m, 600)',
  'predict_linear(steps_total[10m] @ start(), scalar(ratio) * 100)',
  ...[
    'abs',
    'ceil',
    'floor',
    'exp',
    'sqrt',
    'ln',
    'log2',
    'log10',
    'sgn',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
  ].map((f) => `${f}(odd)`),
  ...['atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'rad', 'deg', 'round'].map(
    (f) => `${f}(odd / 100)`,
  ),
  ...[
    'year',
    'month',
    'day_of_month',
    'day_of_week',
    'day_of_year',
    'days_in_month',
    'hour',
    'minute',
  ].flatMap((f) => [`${f}()`, `${f}(timestamp(gappy) * 1.37)`, `${f}(steps_total * 1e7 - 3e8)`]),
  'round(odd, 0.3)',
  'clamp(odd, -5, scalar(ratio) * 100)',
  'clamp(odd, 5, 3)',
  'clamp_min(odd, 3)',
  'clamp_max(odd, 3)',
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'].flatMap((op) => [
    `${op}(odd)`,
    `${op} by (namespace) (memory_usage_bytes)`,
    `${op} without (pod, code) (http_requests_total)`,
    `${op} by (nothing) (gappy)`,
    `${op}({__name__=~"odd|gappy"})`,
  ]),
  'topk(3, memory_usage_bytes)',
  'bottomk by (namespace) (1, queue_depth)',
  'topk(2, odd)',
  'bottomk(9, odd)',
  'topk(scalar(ratio) * 5, queue_depth)',
  'quantile(0.75, queue_depth)',
  'quantile by (namespace) (scalar(ratio) + 0.4, odd or queue_depth)',
  'count_values("v", steps_total)',
  'count_values without (l) ("version", steps_total)',
  'sum by (__name__) ({__name__=~"odd|gappy|ratio"})',
  'histogram_quantile(0.9, request_duration_seconds_bucket)',
  'histogram_quantile(0.5, sum by (le, namespace) (rate(request_duration_seconds_bucket[5m])))',
  'histogram_quantile(scalar(ratio) * 2, sum by (le) (request_duration_seconds_bucket))',
  'histogram_quantile(0.4, broken_bucket)',
  'label_replace(steps_total, "new", "${1}-$2x$$", "l", "(.)(x?)")',
  'label_replace(steps_total, "l", "", "l", "a")',
  'label_replace(steps_total, "__name__", "other_$1", "version", "(?P<number>.)")',
  'label_replace(steps_total, "named", "$number/${number}", "version", "(?P<number>.)")',
  'label_replace({__name__=~"odd|gappy"}, "l", "", "", "")',
  'label_join(steps_total, "joined", ", ", "l", "version", "nothing")',
  'sort(odd)',
  'sort_desc(odd)',
  ...['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '>', '<', '>=', '<=', '> bool'].flatMap((op) => [
    `odd ${op} 3`,
    `3 ${op} odd`,
    `odd ${op} on (l) odd offset 1m`,
    `queue_depth ${op} ignoring (pod) group_left sum by (namespace) (queue_depth)`,
    `sum by (namespace) (queue_depth) ${op} on (namespace) group_right queue_depth`,
  ]),
  '1 > bool 2',
  'steps_total * on (l) group_left (colour) info',
  'steps_total * on (l) group_left (version, colour) info',
  'info * on (l) group_right (colour) steps_total',
  'steps_total * on (l) group_left (__name__) info',
  'gappy and gappy{l="b"}',
  'odd and on () gappy',
  'odd or gappy',
  'odd or on (l) steps_total',
  'gappy or -gappy offset 10m',
  'odd unless on () gappy',
  'odd unless ignoring (l) ratio',
  '{__name__=~"odd|gappy|ratio"} > 10',
  // Queries that fail.
  'queue_depth + on (namespace) memory_usage_bytes',
  'sum by (namespace) (queue_depth) + on (namespace) memory_usage_bytes',
  'queue_depth + on (namespace) sum by (namespace) (memory_usage_bytes)',
  'queue_depth * on () group_left http_requests_total',
  'http_requests_total * on () group_right queue_depth',
  'rate({__name__=~"odd|steps_total|gappy", l="a"}[5m])',
  '-{l="a"}',
  'abs({l="a"})',
  'label_replace(steps_total, "l", "same", "", "")',
  'label_replace(steps_total, "x", "$1", "l", "(")',
  'label_replace(steps_total, "", "$1", "l", "(.)")',
  'label_join(steps_total, "l", "-", "nothing")',
  'topk(NaN, odd)',
  'topk(1e20, odd)',
  'quantile(2, odd)',
];

/** Queries with other results in Prometheus 3.5 than in newer releases, which promfed follows, and why. */
const NEWER_RESULTS: Readonly<Record<string, string>> = {
  'sort(odd)': 'newer releases warn about sorting in a range query',
  'sort_desc(odd)': 'newer releases warn about sorting in a range query',
  'topk(NaN, odd)': 'since 3.6 the error is "Parameter value is NaN"',
};

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly (
      | {
          readonly metric: Readonly<Record<string, string>>;
          readonly value?: Point;
          readonly values?: Point[];
        }
      | number
      | string
    )[];
  };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}
type Point = readonly [seconds: number, value: string];

t.test('a real Prometheus has the same results', { skip: withoutRealServers() }, async (t) => {
  const samples = [
    ...seriesSet({ region: 'r', startMs: START_MS, endMs: END_MS, namespaces: 2, pods: 3, churn: true }),
    ...oddSeries(),
    ...complianceSeries(),
  ];
  const prometheus = await startPrometheus(t);
  await importIntoPrometheus(prometheus.url, samples);
  const series = samples.map(toRawSeries);

  const check = async (queries: readonly string[], grids: readonly Grid[]): Promise<string[]> => {
    const problems: string[] = [];
    for (const query of queries) {
      if (Object.hasOwn(NEWER_RESULTS, query)) continue;
      for (const grid of grids) {
        const problem = difference(
          grid,
          await queryServer(prometheus.url, query, grid),
          await evaluateLocally(query, grid, series),
        );
        if (problem !== undefined)
          problems.push(`${grid.count === 1 ? 'instant' : 'range'} ${query}: ${problem}`);
      }
    }
    return problems;
  };

  t.same(await check(QUERIES, [INSTANT, RANGE]), [], 'queries of this file');

  await t.test(
    'the public compliance queries',
    { skip: withoutShared('conformance/compliance-queries.json') },
    async (t) => {
      const cases = JSON.parse(readFileSync(COMPLIANCE_FILE, 'utf8')) as { readonly query: string }[];
      const queries = cases.map(({ query }) => query);
      t.same(await check(queries, [RANGE]), []);

      // The same queries through promfed, with the reference server as its target.
      const target = JSON.stringify(new URL(prometheus.url).host);
      const promfed = await startPromfed(
        t,
        `promxy: { server_groups: [{ remote_read: true, static_configs: [{ targets: [${target}] }] }] }`,
        { pushdown: false },
      );
      const problems: string[] = [];
      for (const query of queries) {
        const [expected, actual] = await Promise.all(
          [prometheus.url, promfed.url].map((url) => queryServer(url.replace(/\/$/, ''), query, RANGE)),
        );
        const [expectedPoints, points] = [pointsOf(expected!), pointsOf(actual!)];
        const isSame =
          expected!.status === actual!.status &&
          expectedPoints.size === points.size &&
          [...expectedPoints].every(([key, value]) => near(value, points.get(key) ?? Infinity));
        if (!isSame) problems.push(`${query}: ${actual!.error ?? 'another result'}`);
      }
      t.equal(queries.length, 321, 'every query is evaluated');
      t.same(problems, [], 'without pushdown');
    },
  );
});

function toRawSeries({ labels, timestamps, values }: TestSeries): RawSeries {
  return {
    labels: Labels.from(labels),
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values, (value) => (value === 'stale' ? NaN : value)),
    stale: Uint8Array.from(values, (value) => (value === 'stale' ? 1 : 0)),
  };
}

async function queryServer(url: string, query: string, grid: Grid): Promise<Answer> {
  const times =
    grid.count === 1
      ? { time: formatTimestamp(grid.startMs) }
      : {
          start: formatTimestamp(grid.startMs),
          end: formatTimestamp(gridEndMs(grid)),
          step: String(grid.stepMs / 1000),
        };
  const path = grid.count === 1 ? 'query' : 'query_range';
  const response = await fetch(
    `${url}/api/v1/${path}?${new URLSearchParams({ query, ...times }).toString()}`,
  );
  return (await response.json()) as Answer;
}

type Evaluated = { readonly value: Value; readonly annotations: Annotations } | { readonly error: string };

async function evaluateLocally(query: string, grid: Grid, series: readonly RawSeries[]): Promise<Evaluated> {
  const annotations = new Annotations();
  try {
    return {
      value: await evaluateText(query, grid, series, annotations, { delayedNameRemoval: false }),
      annotations,
    };
  } catch (error) {
    if (error instanceof PromfedError) return { error: error.message };
    throw error;
  }
}

function difference(grid: Grid, expected: Answer, actual: Evaluated): string | undefined {
  if (expected.status === 'error' || 'error' in actual) {
    const [a, b] = [expected.error ?? 'no error', 'error' in actual ? actual.error : 'no error'];
    // The two series named by a failed match are not defined.
    const withoutSeries = (text: string): string =>
      text.replace(/^invalid parameter "query": /, '').replace(/operation: \[.*\];/s, 'operation;');
    return withoutSeries(a) === withoutSeries(b) ? undefined : `Prometheus: ${a}; promfed: ${b}`;
  }
  const expectedPoints = pointsOf(expected);
  const points = pointsOfValue(actual.value, grid);
  for (const key of new Set([...expectedPoints.keys(), ...points.keys()])) {
    const [a, b] = [expectedPoints.get(key), points.get(key)];
    if (a === undefined || b === undefined || !near(a, b))
      return `${key}: Prometheus: ${a ?? 'nothing'}; promfed: ${b ?? 'nothing'}`;
  }
  for (const [kind, a, b] of [
    ['warnings', expected.warnings, actual.annotations.warnings],
    ['infos', expected.infos, actual.annotations.infos],
  ] as const) {
    const [x, y] = [comparable(a ?? []), comparable(b)];
    if (x !== y) return `${kind}: Prometheus: ${x}; promfed: ${y}`;
  }
  return undefined;
}

/**
 * Sorts annotations. Of more than ten annotations the printed ones are random, so only their number is compared. For
 * buckets that were made monotonic, newer releases add statistics and omit the metric name.
 */
function comparable(texts: readonly string[]): string {
  const more = texts.find((text) => text.endsWith('annotations omitted'));
  if (more !== undefined) return more;
  const details = / for metric name "[^"]*"|, from buckets .*(?= \([0-9]+:[0-9]+\)$)/g;
  const plain = texts.map((text) => (text.includes('needed to be fixed') ? text.replace(details, '') : text));
  return [...new Set(plain)].sort().join('; ');
}

function pointsOf({ data }: Answer): Map<string, number> {
  const points = new Map<string, number>();
  if (data?.resultType === 'scalar') {
    points.set('scalar', tryParseFloat(data.result[1] as string)!);
    return points;
  }
  for (const one of data?.result ?? []) {
    if (typeof one !== 'object') continue;
    const { key } = Labels.from(one.metric);
    for (const [seconds, value] of one.values ?? (one.value === undefined ? [] : [one.value])) {
      points.set(`${key}@${Math.round(seconds * 1000)}`, tryParseFloat(value)!);
    }
  }
  return points;
}

function pointsOfValue(value: Value, grid: Grid): Map<string, number> {
  const points = new Map<string, number>();
  const at = (step: number): number => grid.startMs + step * grid.stepMs;
  if (value.type === 'scalar') {
    value.values.forEach((one, step) => {
      points.set(grid.count === 1 ? 'scalar' : `${Labels.EMPTY.key}@${at(step)}`, one);
    });
  } else if (value.type === 'vector') {
    for (const { labels, values, present } of value.columns) {
      values.forEach((one, step) => {
        if (present[step] === 1) points.set(`${labels.key}@${at(step)}`, one);
      });
    }
  }
  return points;
}

function near(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  return a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}
