// Two real regions of native histograms, read by remote read and evaluated here, against one Prometheus that holds the
// union of their data.

import t, { type Test } from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { histogramSet } from '../helpers/series/histogram-set.js';
import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, withLabels, type TestSeries, type TestValue } from '../helpers/series/series-set.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

const startMs = 1_700_000_000_000;
const intervalMs = 15_000;
const count = 160;
const endMs = startMs + (count - 1) * intervalMs;
const regions = ['eu', 'us'] as const;
const range = {
  start: String((startMs + 910_000) / 1000),
  end: String((endMs + 420_000) / 1000),
  step: '47',
};

/**
 * Rates are asked of series that were not reset within the window: newer versions than this Prometheus do not
 * extrapolate a histogram below zero, and reconcile custom buckets of different bounds, as is done here. Sums leave
 * them out too: chunks tell of resets which a Prometheus that takes samples out of order hides from its own queries, so
 * that only here it is warned of them.
 */
const QUERIES = [
  'latency',
  'bounded',
  'gauge',
  'mixed',
  'latency[2m]',
  'mixed[3m]',
  'rate(latency{shape!~"resets|coarser"}[2m])',
  'increase(latency{shape!~"resets|coarser"}[5m])',
  'irate(latency{shape!~"resets|coarser"}[1m])',
  'delta(gauge[2m])',
  'idelta(gauge[2m])',
  'rate(bounded[2m])',
  'rate(mixed[5m])',
  'sum(latency{shape!~"resets|coarser"})',
  'sum by (shape) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'sum by (region) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'sum(rate(bounded{shape="integers"}[2m]))',
  'sum(bounded{shape="floats"})',
  'avg by (shape) (rate(latency{shape!~"resets|coarser"}[2m]))',
  'avg(gauge)',
  'count(latency)',
  'group by (shape) (mixed)',
  'histogram_count(latency)',
  'histogram_sum(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_avg(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_stddev(latency)',
  'histogram_stdvar(rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_fraction(0, 1, rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_fraction(0.1, 2, bounded)',
  'histogram_quantile(0.9, rate(latency{shape!~"resets|coarser"}[2m]))',
  'histogram_quantile(0.5, sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.99, sum by (region) (rate(bounded{shape="integers"}[2m])))',
  'histogram_quantile(0.1, latency{shape="signed"})',
  'latency{region="eu"} + on (shape) latency{region="us"}',
  'latency{region="eu"} - on (shape) latency{region="us"}',
  'rate(latency{shape!~"resets|coarser"}[2m]) * 3',
  '2 * gauge',
  'gauge / 4',
  '-gauge',
  'latency == latency',
  'latency{region="eu"} != on (shape) latency{region="us"}',
  'latency and bounded',
  'latency or bounded',
  'sum_over_time(gauge[2m])',
  'avg_over_time(gauge[2m])',
  'last_over_time(latency[2m])',
  'count_over_time(mixed[5m])',
  'present_over_time(latency[1m])',
  'resets(latency[5m])',
  'changes(mixed[5m])',
  'max_over_time(mixed[5m])',
  'max_over_time(histogram_count(latency)[3m:30s])',
  'rate(latency{shape!~"resets|coarser"}[2m:20s])',
  'timestamp(latency)',
  'absent(latency)',
  'label_replace(latency, "to", "$1", "shape", "(.)")',
  'latency offset 3m',
  `latency @ ${(startMs + 600_000) / 1000}`,
  'sum(rate(http_requests_total[5m])) + sum(histogram_count(rate(latency{shape!~"resets|coarser"}[2m])))',
];

/** Pushed down, their answers pass through, or have no histograms. */
const PASSING = [
  'latency',
  'rate(latency{shape!~"resets|coarser"}[2m])',
  'sum by (region) (gauge)',
  'histogram_quantile(0.9, sum by (region) (rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_count(sum by (region, shape) (latency{shape!~"resets|coarser"}))',
  'count(latency)',
  'sum(histogram_count(rate(latency{shape!~"resets|coarser"}[2m])))',
];

/** Pushed down, histograms come together here. */
const COMPUTED = [
  'sum(latency{shape!~"resets|coarser"})',
  'histogram_avg(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.9, sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'histogram_quantile(0.9, sum(rate(bounded{shape="integers"}[2m])))',
  'histogram_stddev(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
  'avg(gauge)',
  'avg by (shape) (gauge)',
  'latency{region="eu"} + on (shape) latency{region="us"}',
  'histogram_fraction(0, 1, sum(rate(latency{shape!~"resets|coarser"}[2m]))) + sum(rate(http_requests_total[2m]))',
  'max_over_time(histogram_count(sum(rate(latency{shape!~"resets|coarser"}[2m])))[3m:30s])',
];

async function startRegion(t: Teardown, series: readonly TestSeries<TestValue>[]): Promise<string> {
  const { url } = await startPrometheus(t, { args: ['--enable-feature=native-histograms'] });
  await importIntoPrometheus(url, series);
  return url;
}

/** Where two answers differ; numbers may by the last digits, for sums are taken in another order. */
function difference(got: unknown, expected: unknown, path = ''): string {
  if (typeof got === 'object' && typeof expected === 'object' && got !== null && expected !== null) {
    const [ours, theirs] = [Object.entries(got), Object.entries(expected)];
    if (ours.length !== theirs.length) {
      return `${path}: ${JSON.stringify(got).slice(0, 300)} and ${JSON.stringify(expected).slice(0, 300)}`;
    }
    for (const [i, [key, value]] of ours.entries()) {
      const found =
        key === theirs[i]![0] ? difference(value, theirs[i]![1], `${path}.${key}`) : `${path}.${key}`;
      if (found !== '') return found;
    }
    return '';
  }
  if (got === expected) return '';
  const [ours, theirs] = [Number(got), Number(expected)];
  const isClose = Math.abs(ours - theirs) <= 1e-11 * (Math.abs(ours) + Math.abs(theirs));
  return isClose ? '' : `${path}: ${JSON.stringify(got)} and ${JSON.stringify(expected)}`;
}

const NOTHING: QueryData = { resultType: 'matrix', result: [] };

/** What an answer says; without annotations' places, and vectors in one order. */
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

t.test(
  'what is evaluated here is what one Prometheus evaluates',
  { skip: withoutRealServers() },
  async (t) => {
    const data = regions.map((region) => [
      ...histogramSet({ region, startMs, intervalMs, count }),
      ...seriesSet({ region, startMs, endMs, namespaces: 1, pods: 2, churn: true }),
    ]);
    const union = data.flatMap((series, i) => withLabels(series, { region: regions[i]! }));
    const [reference, ...urls] = await Promise.all([
      startRegion(t, union),
      ...data.map((one) => startRegion(t, one)),
    ]);
    const groups = urls.map(
      (url, i) => `
    - static_configs: [{ targets: ["${new URL(url).host}"] }]
      remote_read: true
      labels: { region: ${regions[i]!} }`,
    );
    const yaml = `promxy:\n  server_groups:${groups.join('')}\n`;
    const promfed = await startPromfed(t, yaml, {
      pushdown: false,
    });
    for (const query of QUERIES) {
      for (const time of [startMs + 900_000, startMs + 1_234_567, endMs + 200_000]) {
        const ask = { query, time: String(time / 1000) };
        const [ours, theirs] = await Promise.all(
          [promfed.url, reference].map((url) => api(url, '/api/v1/query', ask)),
        );
        t.equal(difference(comparable(ours!), comparable(theirs!)), '', `${query} at ${ask.time}`);
      }
      if (query.endsWith(']')) continue;
      const [ours, theirs] = await Promise.all(
        [promfed.url, reference].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
      );
      t.equal(difference(comparable(ours!), comparable(theirs!)), '', `${query} over a range`);
    }

    const same = async (t: Test, url: string, query: string): Promise<void> => {
      const [ours, theirs] = await Promise.all(
        [url, reference].map((one) => api(one, '/api/v1/query_range', { query, ...range })),
      );
      t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', query);
      t.same(warningsOf(ours!), [], `${query}: warnings`);
    };

    await t.test('pushed down, what is computed here is computed of whole histograms', async (t) => {
      const pushing = await startPromfed(t, yaml);
      for (const query of [...PASSING, ...COMPUTED]) await same(t, pushing.url, query);
      const plan = await explained(pushing.url, 'avg(gauge)');
      t.match(plan, / has native histograms: its raw samples are read/, 'names met are known');
      t.match(
        await explained(pushing.url, 'sum(histogram_count(rate(latency[2m])))'),
        /eu: sum\(histogram_count/,
      );
      t.match(await explained(pushing.url, 'sum(http_requests_total)'), /eu: sum\(http_requests_total\)/);
      t.match(await explained(pushing.url, 'gauge'), /eu: gauge/, 'what passes through is not read raw');
    });

    await t.test('a query that meets them for the first time is planned again', async (t) => {
      const pushing = await startPromfed(t, yaml);
      const query = 'sum({__name__="gauge"}) + sum({__name__=~"lat.*",shape!~"resets|coarser"})';
      await same(t, pushing.url, query);
      t.match(await explained(pushing.url, 'sum(gauge)'), /has native/, 'a name that was met is known');
      const other = await startPromfed(t, yaml);
      t.notMatch(await explained(other.url, 'sum(gauge)'), /has native/);
      const analyzed = await explained(other.url, 'sum(gauge)', { analyze: 'true' });
      t.match(analyzed, /has native histograms/, 'analyzed is the plan that gave the answer');
      t.match(analyzed, /answered in/);
    });

    await t.test('groups that cannot be told apart have theirs merged of raw samples', async (t) => {
      const alike = await startPromfed(t, yaml.replaceAll(/ +labels: .*\n?/g, ''));
      for (const query of ['count(gauge)', 'histogram_count(gauge)']) {
        const { httpStatus, error } = await api(alike.url, '/api/v1/query_range', { query, ...range });
        t.equal(httpStatus, 200, `${query}: ${error ?? ''}`);
      }
    });

    await t.test('without remote read they pass through, or the answer is an error', async (t) => {
      const plain = await startPromfed(t, yaml.replaceAll('remote_read: true', 'remote_read: false'));
      for (const query of PASSING) await same(t, plain.url, query);
      for (const query of ['sum(latency)', 'histogram_avg(sum(rate(latency[2m])))', 'avg(gauge)']) {
        const { httpStatus, error } = await api(plain.url, '/api/v1/query_range', { query, ...range });
        t.equal(httpStatus, 422, query);
        t.match(
          error,
          /^server group ".*": native histograms in a JSON answer .* remote_read: true.*allow_lossy/,
          query,
        );
      }
    });

    await t.test('what JSON has of them is computed with where that is allowed', async (t) => {
      const allowed = 'remote_read: false\n      native_histogram: { allow_lossy: true }';
      const lossy = await startPromfed(t, yaml.replaceAll('remote_read: true', allowed));
      for (const query of PASSING) await same(t, lossy.url, query);
      for (const query of COMPUTED) {
        const [ours, theirs] = await Promise.all(
          [lossy.url, reference].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
        );
        t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', query);
        const names = warningsOf(ours!).map((text) => /^server group "(\w+)": .* JSON/.exec(text)?.[1]);
        t.same(names.sort(), ['eu', 'us'], `${query}: warnings`);
      }
      const raw = await startPromfed(t, yaml.replaceAll('remote_read: true', allowed), { pushdown: false });
      // Without stale markers, series that have ended are seen for longer by what is no rate.
      for (const query of COMPUTED.filter((one) => !one.includes('latency') || one.includes('rate'))) {
        const [ours, theirs] = await Promise.all(
          [raw.url, reference].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
        );
        t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', `${query} of raw samples`);
      }
    });

    await t.test('replicas that differ are merged of raw samples', async (t) => {
      const targets = urls.map((url) => `"${new URL(url).host}"`).join(', ');
      const group = (keys: string): string =>
        `promxy:\n  server_groups:\n    - static_configs: [{ targets: [${targets}] }]\n      ${keys}\n`;
      const whole = await startPromfed(t, group('remote_read: true'), { pushdown: false });
      for (const keys of ['remote_read: true', 'native_histogram: { allow_lossy: true }']) {
        const pair = await startPromfed(t, group(keys));
        for (const query of ['gauge', 'bounded', 'sum(gauge)', 'histogram_avg(sum(rate(bounded[2m])))']) {
          const [ours, theirs] = await Promise.all(
            [pair.url, whole.url].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
          );
          t.equal(ours!.httpStatus, 200, `${query} with ${keys}: ${ours!.error ?? ''}`);
          t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', `${query} with ${keys}`);
        }
      }
      const plain = await startPromfed(t, group('remote_read: false'));
      const { httpStatus, error } = await api(plain.url, '/api/v1/query_range', { query: 'gauge', ...range });
      t.equal(httpStatus, 422);
      t.match(error, /^server group "[^"]*": .*native histograms in a JSON answer/);
    });

    await t.test('a range over the times of two groups is computed with them from raw samples', async (t) => {
      const boundary = new Date(startMs + 1_500_000).toISOString();
      const halves = [`end: ${boundary}`, `start: ${boundary}`].map(
        (bound) => `
    - static_configs: [{ targets: ["${new URL(reference).host}"] }]
      remote_read: true
      absolute_time_range: { ${bound}, truncate: true }`,
      );
      const split = await startPromfed(t, `promxy:\n  server_groups:${halves.join('')}\n`);
      for (const query of QUERIES) {
        if (query.endsWith(']')) continue;
        const [ours, theirs] = await Promise.all(
          [split.url, reference].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
        );
        t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', query);
      }
      const { data } = await api<Explanation>(split.url, '/api/v1/explain', {
        query: 'avg(gauge)',
        ...range,
        analyze: 'true',
      });
      t.match(data, { plan: { kind: 'segments' }, analysis: { path: 'value', error: undefined } });
    });

    await t.test('with exact semantics they are computed with all the same', async (t) => {
      const exact = await startPromfed(
        t,
        yaml.replaceAll('remote_read: true', 'remote_read: true\n      semantics: exact'),
      );
      for (const query of [
        'sum(latency{shape!~"resets|coarser"})',
        'histogram_avg(sum(rate(latency{shape!~"resets|coarser"}[2m])))',
        'avg(gauge)',
      ]) {
        const [ours, theirs] = await Promise.all(
          [exact.url, reference].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
        );
        t.equal(difference(dataOf(ours!), dataOf(theirs!)), '', query);
      }
    });
  },
);

async function explained(url: string, query: string, more: Record<string, string> = {}): Promise<string> {
  const answer = await api<{ text: string }>(url, '/api/v1/explain', { query, ...range, ...more });
  return answer.data?.text ?? answer.error ?? '';
}

function warningsOf({ warnings = [] }: ApiAnswer<QueryData>): readonly string[] {
  return warnings;
}

/** Without the warnings: Prometheus' are about all of its series at once, and about the hints that its storage gives. */
function dataOf({ data: { resultType, result } = NOTHING }: ApiAnswer<QueryData>): unknown {
  return [resultType, result];
}
