// Metrics of real servers: regions that scrape themselves and a Prometheus, and a vmalert with promfed as datasource.

import t from 'tap';

import { Labels } from '../../src/model/index.js';
import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import {
  startPrometheus,
  startVictoriaMetrics,
  startVmalert,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { untilFound } from '../helpers/until.js';

const skip = withoutRealServers();
const regions = ['eu', 'us'] as const;

function series({ result }: QueryData, labels: Record<string, string> = {}): string[] {
  return result.map(
    ({ metric, value }) => `${Labels.from({ ...metric, ...labels }).toString()} ${value![1]}`,
  );
}

t.test('regions with scraped metrics', { skip }, async (t) => {
  const scraped = await startPrometheus(t, { scrape: [{ job: 'prometheus', targets: ['self'] }] });
  const [eu, us] = await Promise.all([
    startVictoriaMetrics(t, {
      scrape: [
        { job: 'victoriametrics', targets: ['self'] },
        { job: 'prometheus', targets: [new URL(scraped.url).host] },
      ],
    }),
    startVictoriaMetrics(t, { scrape: [{ job: 'victoriametrics', targets: ['self'] }] }),
  ]);
  const groups = [eu, us].map(
    ({ url }, i) => `
    - static_configs: [{ targets: ["${new URL(url).host}"] }]
      path_prefix: /prometheus/
      labels: { promxyCluster: ${regions[i]!} }`,
  );
  const promfed = await startPromfed(t, `promxy:\n  server_groups:${groups.join('')}\n`);
  await untilFound(async () => {
    const { data } = await api(promfed.url, '/api/v1/query', { query: 'up == 1' });
    return data?.result.length === 3 ? true : undefined;
  }, 'three targets');

  await t.test('every series of the regions passes through unchanged', async (t) => {
    const count = await untilFound(async () => {
      const time = String(Math.floor(Date.now() / 1000) - 3);
      const parameters = { query: '{__name__!=""}', time, nocache: '1', latency_offset: '1ms' };
      const [federated, ...regional] = await Promise.all([
        api(promfed.url, '/api/v1/query', parameters),
        ...[eu, us].map(({ url }) => api(url, '/prometheus/api/v1/query', parameters)),
      ]);
      const expected = regional
        .flatMap(({ data }, i) => series(data!, { promxyCluster: regions[i]! }))
        .sort();
      const actual = series(federated.data!).sort();
      // A scrape between two answers makes them differ. They are compared again.
      return JSON.stringify(actual) === JSON.stringify(expected) ? actual.length : undefined;
    }, 'equal series at the same time');
    t.ok(count > 1_000, `${count} series`);
  });

  await t.test('the health check of Grafana succeeds', async (t) => {
    const health = await api<unknown>(promfed.url, '/api/v1/query', { query: '1+1', time: '4' });
    t.same(health.data, { resultType: 'scalar', result: [4, '2'] });
    t.equal((await api(promfed.url, '/api/v1/status/buildinfo')).status, 'success');
  });

  await t.test('vmalert evaluates rules on all regions', async (t) => {
    const vmalert = await startVmalert(t, {
      datasource: promfed.url.replace(/\/$/, ''),
      // By default rules are evaluated 30 s in the past, where there is no data yet.
      args: ['-rule.evalDelay=0s'],
      rules: [
        JSON.stringify({
          groups: [
            {
              name: 'regions',
              rules: [{ alert: 'RegionIsUp', expr: 'sum by (promxyCluster) (up) > 0', for: '1s' }],
            },
          ],
        }),
      ],
    });
    const firing = await untilFound(async () => {
      const { data } = await api<{
        alerts: { state: string; labels: Record<string, string>; value: string }[];
      }>(vmalert.url, '/api/v1/alerts');
      const alerts = data?.alerts.filter(({ state }) => state === 'firing') ?? [];
      return alerts.length === 2 ? alerts : undefined;
    }, 'two alerts');
    t.same(firing.map(({ labels, value }) => [labels['promxyCluster'], Number(value)]).sort(), [
      ['eu', 2],
      ['us', 1],
    ]);
  });
});
