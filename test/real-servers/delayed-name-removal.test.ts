// Delayed name removal with regions that remove names immediately. The reference is one Prometheus with
// promql-delayed-name-removal.

import t from 'tap';

import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, withLabels } from '../helpers/series/series-set.js';

const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 1_800_000;
const REGIONS = ['eu', 'us'] as const;

const EXPRESSIONS = [
  'sum by (__name__) (rate({__name__=~"http_.*|queue_.*"}[5m]))',
  'count by (__name__, region) (abs({namespace="ns-0"}))',
  'sum by (pod) (-{__name__=~"memory_usage_bytes|queue_depth"})',
  'label_replace(abs(queue_depth), "metric", "$1", "__name__", "(.*)")',
  'label_replace(label_replace(queue_depth * 2, "__name__", "doubled", "", ""), "x", "$1", "__name__", "(.*)")',
  'count by (__name__) (delta({__name__=~"memory_usage_bytes|queue_depth"}[5m]))',
  'sum(rate(http_requests_total[5m])) by (region)',
  'rate(http_requests_total[5m]) + on (region, pod, namespace, code) abs(http_requests_total)',
  '-{__name__=~"memory_usage_bytes|queue_depth"}',
] as const;

t.test(
  'delayed name removal has the results of one Prometheus',
  { skip: withoutRealServers() },
  async (t) => {
    const seriesOf = (region: string): ReturnType<typeof seriesSet> => seriesSet({ region, startMs, endMs });
    const [eu, us, union] = await Promise.all([
      startPrometheus(t),
      startPrometheus(t),
      startPrometheus(t, { args: ['--enable-feature=promql-delayed-name-removal'] }),
    ]);
    await importIntoPrometheus(eu.url, seriesOf('eu'));
    await importIntoPrometheus(us.url, seriesOf('us'));
    await importIntoPrometheus(
      union.url,
      REGIONS.flatMap((region) => withLabels(seriesOf(region), { region })),
    );
    const groups = [eu, us].map(({ url }, i) => ({
      static_configs: [{ targets: [new URL(url).host] }],
      labels: { region: REGIONS[i] },
    }));
    const promfed = await startPromfed(t, JSON.stringify({ promxy: { server_groups: groups } }), {
      delaysNames: true,
    });
    for (const query of EXPRESSIONS) {
      const times = { start: String(endMs / 1000 - 600), end: String(endMs / 1000), step: '60' };
      const [actual, expected] = await Promise.all(
        [promfed.url, union.url].map((url) => api(url, '/api/v1/query_range', { query, ...times })),
      );
      t.equal(actual!.errorType, expected!.errorType, query);
      t.same(sorted(actual!.data), sorted(expected!.data), query);
    }
  },
);

function sorted(data: QueryData | undefined): unknown {
  return data?.result
    .map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), values] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
