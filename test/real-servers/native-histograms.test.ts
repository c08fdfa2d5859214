// Native histograms of two real regions. The reference is one Prometheus with the union of their data.

import t, { type Test } from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import {
  COMPUTED_QUERIES,
  PASSED_QUERIES,
  QUERIES,
  START_MS,
} from '../helpers/real-servers/histogram-queries.js';
import { histogramSet } from '../helpers/series/histogram-set.js';
import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, withLabels, type TestSeries, type TestValue } from '../helpers/series/series-set.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

const intervalMs = 15_000;
const count = 160;
const endMs = START_MS + (count - 1) * intervalMs;
const REGIONS = ['eu', 'us'] as const;
const range = {
  start: String((START_MS + 910_000) / 1000),
  end: String((endMs + 420_000) / 1000),
  step: '47',
};

async function startRegion(t: Teardown, series: readonly TestSeries<TestValue>[]): Promise<string> {
  const { url } = await startPrometheus(t, { args: ['--enable-feature=native-histograms'] });
  await importIntoPrometheus(url, series);
  return url;
}

/** Returns the first difference between two JSON values, or ''. Numbers may differ by the rounding error of sums. */
function difference(actual: unknown, expected: unknown, path = ''): string {
  if (typeof actual === 'object' && typeof expected === 'object' && actual !== null && expected !== null) {
    const entries: [string, unknown][] = Object.entries(actual);
    const expectedEntries: [string, unknown][] = Object.entries(expected);
    if (entries.length !== expectedEntries.length) {
      return `${path}: ${JSON.stringify(actual).slice(0, 300)} and ${JSON.stringify(expected).slice(0, 300)}`;
    }
    for (const [i, [key, value]] of entries.entries()) {
      const [expectedKey, expectedValue] = expectedEntries[i]!;
      const inner =
        key === expectedKey ? difference(value, expectedValue, `${path}.${key}`) : `${path}.${key}`;
      if (inner !== '') return inner;
    }
    return '';
  }
  if (actual === expected) return '';
  const [a, b] = [Number(actual), Number(expected)];
  const isClose = Math.abs(a - b) <= 1e-11 * (Math.abs(a) + Math.abs(b));
  return isClose ? '' : `${path}: ${JSON.stringify(actual)} and ${JSON.stringify(expected)}`;
}

const NOTHING: QueryData = { resultType: 'matrix', result: [] };

/** Returns the parts of an answer that are compared, with vectors and annotations sorted. */
function comparable(answer: ApiAnswer<QueryData>): unknown {
  const { status, data, error, warnings = [], infos = [] } = answer;
  const result = data?.resultType === 'vector' ? [...data.result].sort(byMetric) : data?.result;
  return {
    status,
    type: data?.resultType,
    result,
    error,
    warnings: [...warnings].sort(),
    infos: [...infos].sort(),
  };
}

function byMetric(a: { readonly metric: unknown }, b: { readonly metric: unknown }): number {
  return JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1;
}

interface Servers {
  /** URL of the Prometheus with the union of the data. */
  readonly reference: string;
  /** URLs of the regions. */
  readonly urls: readonly string[];
  /** Configuration with one server group for each region, with remote read. */
  readonly yaml: string;
}

function seriesOf(region: string): readonly TestSeries<TestValue>[] {
  return [
    ...histogramSet({ region, startMs: START_MS, intervalMs, count }),
    ...seriesSet({ region, startMs: START_MS, endMs, namespaces: 1, pods: 2, churn: true }),
  ];
}

async function startServers(t: Teardown): Promise<Servers> {
  const data = REGIONS.map(seriesOf);
  const union = data.flatMap((series, i) => withLabels(series, { region: REGIONS[i]! }));
  const [reference, ...urls] = await Promise.all([
    startRegion(t, union),
    ...data.map((series) => startRegion(t, series)),
  ]);
  const groups = urls.map(
    (url, i) => `
    - static_configs: [{ targets: ["${new URL(url).host}"] }]
      remote_read: auto
      labels: { region: ${REGIONS[i]!} }`,
  );
  return { reference, urls, yaml: `promxy:\n  server_groups:${groups.join('')}\n` };
}

/** Evaluates a range query on two servers. */
async function queryBoth(
  urls: readonly [url: string, reference: string],
  query: string,
): Promise<[actual: ApiAnswer<QueryData>, expected: ApiAnswer<QueryData>]> {
  const [actual, expected] = await Promise.all(
    urls.map((url) => api(url, '/api/v1/query_range', { query, ...range })),
  );
  return [actual!, expected!];
}

/** Compares the results of a range query on two servers. Warnings are not allowed. */
async function compareResults(
  t: Test,
  urls: readonly [url: string, reference: string],
  query: string,
): Promise<void> {
  const [actual, expected] = await queryBoth(urls, query);
  t.equal(difference(dataOf(actual), dataOf(expected)), '', query);
  t.same(warningsOf(actual), [], `${query}: warnings`);
}

t.test('native histograms of two regions', { skip: withoutRealServers() }, async (t) => {
  const servers = await startServers(t);
  const cases: readonly (readonly [name: string, run: (t: Test, servers: Servers) => Promise<void>])[] = [
    ['raw samples are evaluated as by one Prometheus', evaluateRawSamples],
    ['with pushdown, promfed computes with raw samples of histograms', pushDown],
    ['a query that finds unknown native histograms is planned again', replan],
    ['histograms that move between groups without labels are merged from raw samples', mergeMovingSeries],
    ['without remote read, results pass through and computations fail', rejectWithoutRemoteRead],
    ['with allow_lossy, promfed computes with histograms of JSON answers', computeLossy],
    ['replicas that differ are merged from raw samples', mergeReplicas],
    ['a range over two groups with time ranges is evaluated from raw samples', splitByTime],
    ['with exact semantics, histograms are evaluated too', evaluateExactly],
  ];
  for (const [name, run] of cases) await t.test(name, (t) => run(t, servers));
});

async function evaluateRawSamples(t: Test, { yaml, reference }: Servers): Promise<void> {
  const promfed = await startPromfed(t, yaml, { pushdown: false });
  for (const query of QUERIES) {
    for (const timeMs of [START_MS + 900_000, START_MS + 1_234_567, endMs + 200_000]) {
      const parameters = { query, time: String(timeMs / 1000) };
      const [actual, expected] = await Promise.all(
        [promfed.url, reference].map((url) => api(url, '/api/v1/query', parameters)),
      );
      const problem = difference(comparable(actual!), comparable(expected!));
      t.equal(problem, '', `${query} at ${parameters.time}`);
    }
    if (query.endsWith(']')) continue;
    const [actual, expected] = await queryBoth([promfed.url, reference], query);
    t.equal(difference(comparable(actual), comparable(expected)), '', `${query} over a range`);
  }
}

async function pushDown(t: Test, { yaml, reference }: Servers): Promise<void> {
  const { url } = await startPromfed(t, yaml);
  for (const query of [...PASSED_QUERIES, ...COMPUTED_QUERIES]) {
    await compareResults(t, [url, reference], query);
  }
  const plan = await explain(url, 'avg(gauge)');
  t.match(plan, / has native histograms: its raw samples are read/, 'names of answers are learned');
  t.match(await explain(url, 'sum(histogram_count(rate(latency[2m])))'), /eu: sum\(histogram_count/);
  t.match(await explain(url, 'sum(http_requests_total)'), /eu: sum\(http_requests_total\)/);
  t.match(await explain(url, 'gauge'), /eu: gauge/, 'results that pass through are not read raw');
}

async function replan(t: Test, { yaml, reference }: Servers): Promise<void> {
  const { url } = await startPromfed(t, yaml);
  const query = 'sum({__name__="gauge"}) + sum({__name__=~"lat.*",shape!~"resets|coarser"})';
  await compareResults(t, [url, reference], query);
  t.match(await explain(url, 'sum(gauge)'), /has native/, 'the name is learned');
  const other = await startPromfed(t, yaml);
  t.notMatch(await explain(other.url, 'sum(gauge)'), /has native/);
  const analyzed = await explain(other.url, 'sum(gauge)', { analyze: 'true' });
  t.match(analyzed, /has native histograms/, 'analyze shows the last plan');
  t.match(analyzed, /answered in/);
}

async function mergeMovingSeries(t: Test, { urls: [reference] }: Servers): Promise<void> {
  const all = seriesOf('eu');
  const parts = [0, 1].map((parity) =>
    all.map(({ labels, timestamps, values }) => {
      const isKept = (_: unknown, i: number): boolean => Math.floor(i / 24) % 2 === parity;
      return { labels, timestamps: timestamps.filter(isKept), values: values.filter(isKept) };
    }),
  );
  const hosts = (await Promise.all(parts.map((part) => startRegion(t, part)))).map(
    (url) => new URL(url).host,
  );
  const groups = hosts.map((host) => `{ static_configs: [{ targets: ["${host}"] }] }`);
  const { url } = await startPromfed(t, `promxy: { server_groups: [${groups.join(', ')}] }`);
  for (const query of QUERIES) {
    if (query.endsWith(']')) continue;
    const [actual, expected] = await queryBoth([url, reference!], query);
    t.equal(difference(dataOf(actual), dataOf(expected)), '', query);
  }
}

async function rejectWithoutRemoteRead(t: Test, { yaml, reference }: Servers): Promise<void> {
  const { url } = await startPromfed(t, yaml.replaceAll('remote_read: auto', 'remote_read: false'));
  for (const query of PASSED_QUERIES) await compareResults(t, [url, reference], query);
  for (const query of ['sum(latency)', 'histogram_avg(sum(rate(latency[2m])))', 'avg(gauge)']) {
    const { httpStatus, error } = await api(url, '/api/v1/query_range', { query, ...range });
    t.equal(httpStatus, 422, query);
    t.match(error, /^server group ".*": native histograms in JSON .* remote_read: true.*allow_lossy/, query);
  }
}

async function computeLossy(t: Test, { yaml, reference }: Servers): Promise<void> {
  const keys = 'remote_read: false\n      native_histogram: { allow_lossy: true }';
  const { url } = await startPromfed(t, yaml.replaceAll('remote_read: auto', keys));
  for (const query of PASSED_QUERIES) await compareResults(t, [url, reference], query);
  for (const query of COMPUTED_QUERIES) {
    const [actual, expected] = await queryBoth([url, reference], query);
    t.equal(difference(dataOf(actual), dataOf(expected)), '', query);
    const names = warningsOf(actual).map((text) => /^server group "(\w+)": .* JSON/.exec(text)?.[1]);
    t.same(names.sort(), ['eu', 'us'], `${query}: warnings`);
  }
  const raw = await startPromfed(t, yaml.replaceAll('remote_read: auto', keys), { pushdown: false });
  // Without stale markers, ended series remain visible for the lookback, except in rates.
  for (const query of COMPUTED_QUERIES.filter((q) => !q.includes('latency') || q.includes('rate'))) {
    const [actual, expected] = await queryBoth([raw.url, reference], query);
    t.equal(difference(dataOf(actual), dataOf(expected)), '', `${query} from raw samples`);
  }
}

async function mergeReplicas(t: Test, { urls }: Servers): Promise<void> {
  const targets = urls.map((url) => `"${new URL(url).host}"`).join(', ');
  const group = (keys: string): string =>
    `promxy:\n  server_groups:\n    - static_configs: [{ targets: [${targets}] }]\n      ${keys}\n`;
  const reference = await startPromfed(t, group('remote_read: auto'), { pushdown: false });
  for (const keys of ['remote_read: auto', 'native_histogram: { allow_lossy: true }']) {
    const { url } = await startPromfed(t, group(keys));
    for (const query of ['gauge', 'bounded', 'sum(gauge)', 'histogram_avg(sum(rate(bounded[2m])))']) {
      const [actual, expected] = await queryBoth([url, reference.url], query);
      t.equal(actual.httpStatus, 200, `${query} with ${keys}: ${actual.error ?? ''}`);
      t.equal(difference(dataOf(actual), dataOf(expected)), '', `${query} with ${keys}`);
    }
  }
  const { url } = await startPromfed(t, group('remote_read: false'));
  const { httpStatus, error } = await api(url, '/api/v1/query_range', { query: 'gauge', ...range });
  t.equal(httpStatus, 422);
  t.match(error, /^server group "[^"]*": .*native histograms in JSON/);
}

async function splitByTime(t: Test, { reference }: Servers): Promise<void> {
  const boundary = new Date(START_MS + 1_500_000).toISOString();
  const groups = [`end: ${boundary}`, `start: ${boundary}`].map(
    (bound) => `
    - static_configs: [{ targets: ["${new URL(reference).host}"] }]
      remote_read: auto
      absolute_time_range: { ${bound}, truncate: true }`,
  );
  const { url } = await startPromfed(t, `promxy:\n  server_groups:${groups.join('')}\n`);
  for (const query of QUERIES) {
    if (query.endsWith(']')) continue;
    const [actual, expected] = await queryBoth([url, reference], query);
    t.equal(difference(dataOf(actual), dataOf(expected)), '', query);
  }
  const { data } = await api<Explanation>(url, '/api/v1/explain', {
    query: 'avg(gauge)',
    ...range,
    analyze: 'true',
  });
  t.match(data, { plan: { kind: 'segments' }, analysis: { path: 'value', error: undefined } });
}

async function evaluateExactly(t: Test, { yaml, reference }: Servers): Promise<void> {
  const keys = 'remote_read: auto\n      semantics: exact';
  const { url } = await startPromfed(t, yaml.replaceAll('remote_read: auto', keys));
  for (const query of [
    'sum(latency{shape!~"resets|coarser"})',
    'histogram_avg(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
    'avg(gauge)',
  ]) {
    const [actual, expected] = await queryBoth([url, reference], query);
    t.equal(difference(dataOf(actual), dataOf(expected)), '', query);
  }
}

async function explain(url: string, query: string, more: Record<string, string> = {}): Promise<string> {
  const answer = await api<{ text: string }>(url, '/api/v1/explain', { query, ...range, ...more });
  return answer.data?.text ?? answer.error ?? '';
}

function warningsOf({ warnings = [] }: ApiAnswer<QueryData>): readonly string[] {
  return warnings;
}

/** Returns the result without annotations: those of Prometheus depend on all of its series and on the hints of its storage. */
function dataOf({ data: { resultType, result } = NOTHING }: ApiAnswer<QueryData>): unknown {
  return [resultType, result];
}
