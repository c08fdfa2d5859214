// Two real regions, and one server that holds the union of their data as the reference: once VictoriaMetrics behind
// vmauth, as KOF has it, and once Prometheus.

import t from 'tap';

import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  startVmauth,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, wideCounters, withLabels, type TestSeries } from '../helpers/series/series-set.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

const skip = withoutRealServers();
const basicAuth = { username: 'admin', password: 'p:a"s\\s ✓' };
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 3_600_000;
const range = { start: String((startMs + 600_000) / 1000), end: String(endMs / 1000), step: '30' };
const regions = ['eu', 'us'] as const;
const regionLabels = (region: string): Record<string, string> => ({
  promxyCluster: region,
  promxyClusterNamespace: 'kcm-system',
});

function regionSeries(region: string): TestSeries[] {
  // One region lacks a metric the other has; the other's pods come and go.
  return seriesSet({
    region,
    startMs,
    endMs,
    omit: region === 'us' ? ['queue_depth'] : [],
    churn: region === 'eu',
  });
}

/** A running region as a server group's configuration has it. */
interface Region {
  readonly url: string;
  readonly pathPrefix: string;
  readonly httpClient: Record<string, unknown>;
  stop(): Promise<void>;
}

/** One make of server: how a region of it is started, and the reference that holds everything. */
interface Make {
  readonly name: string;
  startRegion(t: Teardown, series: readonly TestSeries[]): Promise<Region>;
  startUnion(t: Teardown, series: readonly TestSeries[]): Promise<string>;
}

const victoriaMetrics: Make = {
  name: 'VictoriaMetrics behind vmauth',
  async startRegion(t, series) {
    const storage = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(storage.url, series);
    const vmauth = await startVmauth(t, { backends: [storage.url], basicAuth });
    return { ...vmauth, httpClient: { dial_timeout: '5s', basic_auth: basicAuth } };
  },
  async startUnion(t, series) {
    const { url } = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(url, series);
    return url;
  },
};

const prometheus: Make = {
  name: 'Prometheus',
  async startRegion(t, series) {
    const server = await startPrometheus(t);
    await importIntoPrometheus(server.url, series);
    return { ...server, pathPrefix: '', httpClient: {} };
  },
  async startUnion(t, series) {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, series);
    return url;
  },
};

function groupYaml(region: string, { url, pathPrefix, httpClient }: Region, extra = ''): string {
  return `
    - static_configs: [{ targets: ["${new URL(url).host}"] }]
      path_prefix: "${pathPrefix}"
      http_client: ${JSON.stringify(httpClient)}
      labels: ${JSON.stringify(regionLabels(region))}
      ${extra}`;
}

function configYaml(groups: readonly string[]): string {
  return `promxy:\n  server_groups:${groups.join('')}\n`;
}

/** Samples by label set: `[seconds, value]` in time order. */
function samplesOf({ result }: QueryData): Map<string, (readonly [number, string])[]> {
  return new Map(
    result.map(({ metric, value, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      [...(values ?? [value!])],
    ]),
  );
}

/** Sums are taken in another order than in one store: that may change the last of sixteen digits. */
function isClose(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-10 * Math.max(Math.abs(x), Math.abs(y));
}

/** What differs between two results, a line each: nothing when they are equal. */
function differences(ours: QueryData, theirs: QueryData): string[] {
  const expected = samplesOf(theirs);
  const found: string[] = [];
  for (const [labels, samples] of samplesOf(ours)) {
    const others = expected.get(labels);
    expected.delete(labels);
    if (others?.length !== samples.length) {
      found.push(`${labels}: ${samples.length} samples, not ${others?.length ?? 0}`);
      continue;
    }
    samples.forEach(([time, value], i) => {
      const [otherTime, otherValue] = others[i]!;
      if (time === otherTime && isClose(value, otherValue)) return;
      found.push(`${labels}: ${value} at ${time}, not ${otherValue} at ${otherTime}`);
    });
  }
  return [...found, ...[...expected.keys()].map((labels) => `${labels}: missing`)];
}

/** The end is no multiple of the step after the start. */
const unaligned = { ...range, step: '700' };

const expressions = [
  'memory_usage_bytes @ end()',
  'sum(rate(http_requests_total[5m] @ end())) + 2 * sum(rate(http_requests_total[5m] @ start()))',
  'absent_over_time({namespace="ns-0"}[5m]) or vector(7)',
  'absent_over_time((gone{a="b"}[5m]))',
  'absent((gone{a="b"}))',
  'label_replace(queue_depth, ("promxyClusterNamespace"), "x-$1", "pod", "(.*)")',
  'count_values by (promxyCluster) (("depth"), queue_depth)',
  'http_requests_total',
  'http_requests_total{promxyCluster="eu",code="500"}',
  'queue_depth',
  '{promxyClusterNamespace=~"kcm.*",__name__=~"memory.*|queue.*",namespace!="ns-1"}',
  'rate(http_requests_total[5m])',
  '-abs(queue_depth) + 3',
  'memory_usage_bytes > 9e7',
  'sum by (promxyCluster) (rate(http_requests_total[5m]))',
  'sum(rate(http_requests_total[5m]))',
  'sum without (pod, promxyCluster) (memory_usage_bytes)',
  'count by (namespace) (queue_depth)',
  'min by (code) (increase(http_requests_total[10m]))',
  'max(memory_usage_bytes) / 1024',
  'group by (promxyCluster, code) (http_requests_total)',
  'avg(memory_usage_bytes)',
  'avg by (namespace) (queue_depth)',
  'topk(3, memory_usage_bytes)',
  'bottomk by (promxyCluster) (2, memory_usage_bytes)',
  'count_values("depth", queue_depth)',
  'stddev by (namespace) (memory_usage_bytes)',
  'quantile(0.9, memory_usage_bytes)',
  'sum by (code) (rate(http_requests_total{code="500"}[5m])) / 2',
  'http_requests_total{code="500"} / on (promxyCluster, namespace, pod) http_requests_total{code="200"}',
  'rate(http_requests_total{code="500"}[5m]) / on (promxyCluster, namespace, pod) group_left sum by (promxyCluster, namespace, pod) (rate(http_requests_total[5m]))',
  'sum(queue_depth) or vector(0)',
  'max_over_time(sum by (promxyCluster, namespace) (memory_usage_bytes)[10m:1m])',
  'max_over_time(sum(memory_usage_bytes)[20m:1m])',
  'sum_over_time(count by (namespace) (queue_depth > 0)[20m:30s]) + on () group_left avg_over_time(count(queue_depth)[20m:1m] offset 5m)',
  'min_over_time(max_over_time(sum by (code) (http_requests_total)[10m:1m])[20m:2m])',
  'histogram_quantile(0.9, sum by (le, promxyCluster) (rate(request_duration_seconds_bucket[5m])))',
  'time() - 5',
  '1 + 1',
];

/** What no region can compute by itself, and what regions of another make compute by other rules. */
const computedHere = [
  'max_over_time(sum(rate(http_requests_total[5m]))[20m:1m])',
  'quantile_over_time(scalar(count(queue_depth)) / 100, memory_usage_bytes[10m])',
  'rate({__name__="http_requests_total",code=~".+"}[5m] offset 3m)',
];

for (const make of [victoriaMetrics, prometheus]) {
  t.test(`two regions of ${make.name} answer as one`, { skip }, async (t) => {
    const everything = regions.flatMap((region) => withLabels(regionSeries(region), regionLabels(region)));
    const [eu, us, union] = await Promise.all([
      make.startRegion(t, regionSeries('eu')),
      make.startRegion(t, regionSeries('us')),
      make.startUnion(t, everything),
    ]);
    const promfed = await startPromfed(t, configYaml([groupYaml('eu', eu), groupYaml('us', us)]));
    const reference = { nocache: '1', latency_offset: '1ms' };

    await t.test('queries over a range', async (t) => {
      const cases = [range, unaligned].flatMap((times) => expressions.map((query) => ({ times, query })));
      for (const { times, query } of cases) {
        const [ours, theirs] = await Promise.all([
          api(promfed.url, '/api/v1/query_range', { query, ...times }),
          api(union, '/api/v1/query_range', { query, ...times, ...reference }),
        ]);
        t.equal(ours.status, 'success', `${query}: ${ours.error ?? 'ok'}`);
        t.notOk(ours.warnings, `${query}: no warnings`);
        if (ours.data && theirs.data) {
          t.ok(theirs.data.result.length > 0, `${query}: there is something to compare`);
          t.same(differences(ours.data, theirs.data), [], query);
        }
      }
    });

    await t.test('queries at an instant', async (t) => {
      for (const query of expressions.filter((expression) => !/^(time|1)/.test(expression))) {
        const [ours, theirs] = await Promise.all([
          api(promfed.url, '/api/v1/query', { query, time: range.end }),
          api(union, '/api/v1/query', { query, time: range.end, ...reference }),
        ]);
        t.equal(ours.status, 'success', `${query}: ${ours.error ?? 'ok'}`);
        if (ours.data && theirs.data) t.same(differences(ours.data, theirs.data), [], query);
      }
      const scalar = await api<{ resultType: string; result: unknown }>(promfed.url, '/api/v1/query', {
        query: '1 + 1',
        time: '4',
      });
      t.same(scalar.data, { resultType: 'scalar', result: [4, '2'] });
    });

    await t.test('labels, label values and series', async (t) => {
      const window = { start: range.start, end: range.end };
      const names = await api<string[]>(promfed.url, '/api/v1/labels', window);
      t.same(names.data, [
        '__name__',
        'code',
        'le',
        'namespace',
        'pod',
        'promxyCluster',
        'promxyClusterNamespace',
      ]);
      const clusters = await api<string[]>(promfed.url, '/api/v1/label/promxyCluster/values', window);
      t.same(clusters.data, ['eu', 'us']);
      const withQueue = await api<string[]>(promfed.url, '/api/v1/label/promxyCluster/values', {
        ...window,
        'match[]': 'queue_depth',
      });
      t.same(withQueue.data, ['eu'], 'a region without a matching series does not lend its label');
      const pods = await api<string[]>(promfed.url, '/api/v1/label/pod/values', {
        ...window,
        'match[]': '{promxyCluster="us"}',
      });
      t.same(pods.data, ['pod-0', 'pod-1', 'pod-2', 'pod-3']);
      const matchers = [
        'queue_depth{namespace="ns-0"}',
        'memory_usage_bytes{promxyCluster="us",pod="pod-1"}',
      ];
      const [ours, theirs] = await Promise.all([
        api<Record<string, string>[]>(promfed.url, '/api/v1/series', { ...window, 'match[]': matchers }),
        api<Record<string, string>[]>(union, '/api/v1/series', { ...window, 'match[]': matchers }),
      ]);
      const sorted = (sets: readonly Record<string, string>[] = []): string[] =>
        sets.map((set) => JSON.stringify(Object.entries(set).sort())).sort();
      t.ok(sorted(theirs.data).length > 0);
      t.same(sorted(ours.data), sorted(theirs.data));
    });

    await t.test(
      'a query by POST of a form, and one with everything in the URL and an empty body',
      async (t) => {
        const query = 'sum by (promxyCluster) (memory_usage_bytes)';
        const form = new URLSearchParams({ query, time: range.end });
        const posted = await fetch(`${promfed.url}api/v1/query`, { method: 'POST', body: form });
        const inUrl = await fetch(`${promfed.url}api/v1/query?${form.toString()}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        });
        const got = await api(promfed.url, '/api/v1/query', { query, time: range.end });
        t.equal(got.data?.result.length, 2);
        for (const response of [posted, inUrl]) {
          t.equal(response.status, 200);
          t.same(((await response.json()) as { data: QueryData }).data, got.data);
        }
      },
    );
  });
}

/** Over queries, Prometheus does not tell a series that ends from one with a gap: these regions have none that end. */
const lasting = (region: string): TestSeries[] =>
  seriesSet({ region, startMs, endMs, omit: region === 'us' ? ['queue_depth'] : [] });

const endsUnseen = 'its raw samples have no stale markers';

const sources = [
  {
    name: 'the export of VictoriaMetrics, whose semantics are declared exact',
    make: victoriaMetrics,
    seriesOf: regionSeries,
    extra: 'semantics: exact',
    warning: '',
    pushdown: true,
  },
  {
    name: 'the export of VictoriaMetrics',
    make: victoriaMetrics,
    seriesOf: regionSeries,
    extra: '',
    warning: '',
  },
  {
    name: 'range vectors of Prometheus',
    make: prometheus,
    seriesOf: lasting,
    extra: '',
    warning: endsUnseen,
  },
  { name: 'remote read', make: prometheus, seriesOf: regionSeries, extra: 'remote_read: true', warning: '' },
];

for (const { name, make, seriesOf, extra, warning, pushdown = false } of sources) {
  t.test(`raw samples of two regions by ${name}`, { skip }, async (t) => {
    // VictoriaMetrics answers by rules of its own: Prometheus is the reference.
    const everything = regions.flatMap((region) => withLabels(seriesOf(region), regionLabels(region)));
    const [eu, us, union] = await Promise.all([
      make.startRegion(t, seriesOf('eu')),
      make.startRegion(t, seriesOf('us')),
      prometheus.startUnion(t, everything),
    ]);
    const groups = [groupYaml('eu', eu, extra), groupYaml('us', us, extra)];
    const promfed = await startPromfed(t, configYaml(groups), { pushdown });
    const isScalar = (query: string): boolean => /^(time|1)/.test(query);
    for (const query of [...expressions, ...computedHere]) {
      for (const times of isScalar(query) ? [range, unaligned] : [range, unaligned, undefined]) {
        const path = times === undefined ? '/api/v1/query' : '/api/v1/query_range';
        const parameters = { query, ...(times ?? { time: range.end }) };
        const [ours, theirs] = await Promise.all([
          api(promfed.url, path, parameters),
          api(union, path, parameters),
        ]);
        t.equal(ours.status, 'success', `${query}: ${ours.error ?? 'ok'}`);
        const others = ours.warnings?.filter((text) => warning === '' || !text.includes(warning));
        t.same(others ?? [], [], `${query}: no other warnings`);
        if (ours.data && theirs.data) {
          t.ok(theirs.data.result.length > 0, `${query}: there is something to compare`);
          t.same(differences(ours.data, theirs.data), [], query);
        }
      }
    }
    const { warnings } = await api(promfed.url, '/api/v1/query', { query: 'queue_depth', time: range.end });
    t.equal(
      warnings?.some((text) => text.includes('group "') && text.includes(warning)) ?? false,
      warning !== '',
    );
  });
}

t.test('a region that is down is a warning, or an error, that names it', { skip }, async (t) => {
  const [eu, us] = await Promise.all([
    victoriaMetrics.startRegion(t, regionSeries('eu')),
    victoriaMetrics.startRegion(t, regionSeries('us')),
  ]);
  const optional = await startPromfed(
    t,
    configYaml([
      groupYaml('eu', eu, 'name: eu-region\n      ignore_error: true'),
      groupYaml('us', us, 'name: us-region\n      ignore_error: true'),
    ]),
  );
  const required = await startPromfed(
    t,
    configYaml([groupYaml('eu', eu, 'name: eu-region'), groupYaml('us', us, 'name: us-region')]),
  );
  const ask = { query: 'sum by (promxyCluster) (memory_usage_bytes)', time: range.end };
  t.equal((await api(optional.url, '/api/v1/query', ask)).data?.result.length, 2, 'both are there at first');

  await us.stop();

  for (const query of [ask.query, 'memory_usage_bytes', 'sum(memory_usage_bytes)']) {
    const partial = await api(optional.url, '/api/v1/query', { ...ask, query });
    t.equal(partial.status, 'success', query);
    t.ok((partial.data?.result.length ?? 0) > 0, `${query}: the other region is there`);
    t.equal(partial.warnings?.length, 1);
    t.match(
      partial.warnings?.[0],
      /^server group "us-region" is missing from this answer: .*connection refused/,
    );
  }
  const values = await api<string[]>(optional.url, '/api/v1/label/promxyCluster/values', {
    start: range.start,
    end: range.end,
  });
  t.same(values.data, ['eu']);
  t.match(values.warnings, [/us-region/]);

  const failed = await api(required.url, '/api/v1/query', ask);
  t.match(failed, {
    httpStatus: 500,
    status: 'error',
    errorType: 'unavailable',
    error: /us-region.*connection refused/,
  });
  const untouched = await api(required.url, '/api/v1/query', {
    ...ask,
    query: 'sum(memory_usage_bytes{promxyCluster="eu"})',
  });
  t.equal(untouched.status, 'success', 'a query that does not concern the region is answered');
});

t.test(
  'a region that stands still costs time, and one that dies under a query is missed out loud',
  { skip },
  async (t) => {
    const [eu, us] = await Promise.all([startVictoriaMetrics(t), startVictoriaMetrics(t)]);
    const wide = wideCounters({
      name: 'wide_total',
      region: 'us',
      count: 2_000,
      startMs,
      endMs,
      intervalMs: 15_000,
    });
    await Promise.all([
      importIntoVictoriaMetrics(eu.url, regionSeries('eu')),
      importIntoVictoriaMetrics(us.url, wide),
    ]);
    const region = ({ url }: { readonly url: string }): Region => ({
      url,
      pathPrefix: '/prometheus',
      httpClient: {},
      stop: async () => undefined,
    });
    const promfed = await startPromfed(
      t,
      configYaml([
        groupYaml('eu', region(eu), 'ignore_error: true'),
        groupYaml('us', region(us), 'name: us-region\n      ignore_error: true'),
      ]),
    );
    const ask = { query: '{__name__=~"memory_usage_bytes|wide_total"}', ...range, step: '15' };
    const whole = await api(promfed.url, '/api/v1/query_range', ask);
    t.equal(whole.data?.result.length, 2_012);

    await us.suspend();
    const late = await api(promfed.url, '/api/v1/query_range', { ...ask, timeout: '1s' });
    t.same([late.status, late.data?.result.length], ['success', 12], 'the other region is there in time');
    t.match(late.warnings, [/^server group "us-region" .*timed out/]);
    us.resume();
    t.equal(
      (await api(promfed.url, '/api/v1/query_range', ask)).data?.result.length,
      2_012,
      'it is back at once',
    );

    const dying = Array.from({ length: 4 }, () => api(promfed.url, '/api/v1/query_range', ask));
    await us.kill();
    for (const answer of await Promise.all(dying)) {
      t.equal(answer.status, 'success');
      const complete = answer.data?.result.length === 2_012;
      t.equal(complete, answer.warnings === undefined, 'what is not complete says so');
    }
    t.match((await api(promfed.url, '/api/v1/query_range', ask)).warnings, [/us-region.*connection refused/]);
  },
);
