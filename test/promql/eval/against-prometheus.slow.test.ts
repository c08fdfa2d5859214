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

import { complianceSeries, END_MS, oddSeries, QUERIES, START_MS } from './prometheus-queries.js';
import { evaluateText } from '../../helpers/promqltest/run-script.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

const COMPLIANCE_FILE = sharedPath('conformance/compliance-queries.json');

const RANGE = rangeGrid(START_MS + 5_400_000 + 7_000, START_MS + 9_000_000, 61_000);
const INSTANT = instantGrid(START_MS + 7_200_123);

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
