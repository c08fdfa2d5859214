// Two real regions, once of VictoriaMetrics behind vmauth, as in KOF, and once of Prometheus. The reference is one server
// of the same kind with the union of their data.

import t from 'tap';

import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { isScalarQuery, QUERIES } from '../helpers/real-servers/region-queries.js';
import {
  churningSeries,
  configYaml,
  groupYaml,
  PROMETHEUS,
  RANGE,
  regionLabels,
  REGIONS,
  VICTORIA_METRICS,
} from '../helpers/real-servers/regions.js';
import { withLabels } from '../helpers/series/series-set.js';
import { answerDifferences, hasSamples } from '../helpers/union/answers.js';

const skip = withoutRealServers();

/** A range whose end is not a multiple of the step after its start. */
const UNALIGNED = { ...RANGE, step: '700' };

for (const kind of [VICTORIA_METRICS, PROMETHEUS]) {
  t.test(`two regions of ${kind.name} have the results of one server`, { skip }, async (t) => {
    const everything = REGIONS.flatMap((region) => withLabels(churningSeries(region), regionLabels(region)));
    const [eu, us, union] = await Promise.all([
      kind.startRegion(t, churningSeries('eu')),
      kind.startRegion(t, churningSeries('us')),
      kind.startUnion(t, everything),
    ]);
    const promfed = await startPromfed(t, configYaml([groupYaml('eu', eu), groupYaml('us', us)]));
    const reference = { nocache: '1', latency_offset: '1ms' };

    await t.test('range queries', async (t) => {
      const cases = [RANGE, UNALIGNED].flatMap((times) => QUERIES.map((query) => ({ times, query })));
      for (const { times, query } of cases) {
        const [actual, expected] = await Promise.all([
          api(promfed.url, '/api/v1/query_range', { query, ...times }),
          api(union, '/api/v1/query_range', { query, ...times, ...reference }),
        ]);
        t.notOk(actual.warnings, `${query}: no warnings`);
        t.ok(hasSamples(expected), `${query}: has samples`);
        t.same(answerDifferences(actual, expected), [], query);
      }
    });

    await t.test('instant queries', async (t) => {
      for (const query of QUERIES.filter((expression) => !isScalarQuery(expression))) {
        const [actual, expected] = await Promise.all([
          api(promfed.url, '/api/v1/query', { query, time: RANGE.end }),
          api(union, '/api/v1/query', { query, time: RANGE.end, ...reference }),
        ]);
        t.same(answerDifferences(actual, expected), [], query);
      }
      const scalar = await api<{ resultType: string; result: unknown }>(promfed.url, '/api/v1/query', {
        query: '1 + 1',
        time: '4',
      });
      t.same(scalar.data, { resultType: 'scalar', result: [4, '2'] });
    });

    await t.test('labels, label values and series', async (t) => {
      const window = { start: RANGE.start, end: RANGE.end };
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
      t.same(withQueue.data, ['eu'], 'a region without a matching series does not add its label');
      const pods = await api<string[]>(promfed.url, '/api/v1/label/pod/values', {
        ...window,
        'match[]': '{promxyCluster="us"}',
      });
      t.same(pods.data, ['pod-0', 'pod-1', 'pod-2', 'pod-3']);
      const matchers = [
        'queue_depth{namespace="ns-0"}',
        'memory_usage_bytes{promxyCluster="us",pod="pod-1"}',
      ];
      const [actual, expected] = await Promise.all([
        api<Record<string, string>[]>(promfed.url, '/api/v1/series', { ...window, 'match[]': matchers }),
        api<Record<string, string>[]>(union, '/api/v1/series', { ...window, 'match[]': matchers }),
      ]);
      const sorted = (sets: readonly Record<string, string>[] = []): string[] =>
        sets.map((set) => JSON.stringify(Object.entries(set).sort())).sort();
      t.ok(sorted(expected.data).length > 0);
      t.same(sorted(actual.data), sorted(expected.data));
    });

    await t.test('POST queries are accepted with a form and with parameters in the URL', async (t) => {
      const query = 'sum by (promxyCluster) (memory_usage_bytes)';
      const form = new URLSearchParams({ query, time: RANGE.end });
      const posted = await fetch(`${promfed.url}api/v1/query`, { method: 'POST', body: form });
      const inUrl = await fetch(`${promfed.url}api/v1/query?${form.toString()}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      const viaGet = await api(promfed.url, '/api/v1/query', { query, time: RANGE.end });
      t.equal(viaGet.data?.result.length, 2);
      for (const response of [posted, inUrl]) {
        t.equal(response.status, 200);
        t.same(((await response.json()) as { data: QueryData }).data, viaGet.data);
      }
    });
  });
}
