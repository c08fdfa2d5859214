// Metrics as real servers expose them: regions that scrape themselves and a Prometheus, and a vmalert that evaluates
// over promfed.

import t from 'tap';

import { Labels } from '../../src/model/index.js';
import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import {
  startPrometheus,
  startVictoriaMetrics,
  startVmalert,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { until } from '../helpers/until.js';

const skip = withoutRealServers();
const regions = ['eu', 'us'] as const;

/** Asks again until the answer is there. */
async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined;
  await until(async () => (found = await look()) !== undefined, what);
  return found!;
}

function series({ result }: QueryData, labels: Record<string, string> = {}): string[] {
  return result.map(
    ({ metric, value }) => `${Labels.from({ ...metric, ...labels }).toString()} ${value![1]}`,
  );
}

t.test('regions of live metrics, and a vmalert above them', { skip }, async (t) => {
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
  await eventually('three targets', async () => {
    const { data } = await api(promfed.url, '/api/v1/query', { query: 'up == 1' });
    return data?.result.length === 3 ? true : undefined;
  });

  await t.test('every series that there is passes through as the regions have it', async (t) => {
    const count = await eventually('the same series at the same time', async () => {
      const time = String(Math.floor(Date.now() / 1000) - 3);
      const ask = { query: '{__name__!=""}', time, nocache: '1', latency_offset: '1ms' };
      const [ours, ...theirs] = await Promise.all([
        api(promfed.url, '/api/v1/query', ask),
        ...[eu, us].map(({ url }) => api(url, '/prometheus/api/v1/query', ask)),
      ]);
      const expected = theirs.flatMap(({ data }, i) => series(data!, { promxyCluster: regions[i]! })).sort();
      const got = series(ours.data!).sort();
      // A scrape may become visible between one answer and the next; then the next round agrees.
      return JSON.stringify(got) === JSON.stringify(expected) ? got.length : undefined;
    });
    t.ok(count > 1_000, `${count} series`);
  });

  await t.test('Grafana asks for its health', async (t) => {
    const health = await api<unknown>(promfed.url, '/api/v1/query', { query: '1+1', time: '4' });
    t.same(health.data, { resultType: 'scalar', result: [4, '2'] });
    t.equal((await api(promfed.url, '/api/v1/status/buildinfo')).status, 'success');
  });

  await t.test('vmalert evaluates over all regions', async (t) => {
    const vmalert = await startVmalert(t, {
      datasource: promfed.url.replace(/\/$/, ''),
      // It evaluates at 30 s ago unless told otherwise; there is no data yet.
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
    const firing = await eventually('two alerts', async () => {
      const { data } = await api<{
        alerts: { state: string; labels: Record<string, string>; value: string }[];
      }>(vmalert.url, '/api/v1/alerts');
      const alerts = data?.alerts.filter(({ state }) => state === 'firing') ?? [];
      return alerts.length === 2 ? alerts : undefined;
    });
    t.same(firing.map(({ labels, value }) => [labels['promxyCluster'], Number(value)]).sort(), [
      ['eu', 2],
      ['us', 1],
    ]);
  });
});
