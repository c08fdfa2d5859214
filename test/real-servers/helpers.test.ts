// The helpers of other tests: real servers start, import series, answer and stop.

import t from 'tap';

import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startAlertmanager,
  startPrometheus,
  startVictoriaMetrics,
  startVmalert,
  startVmauth,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, seriesSetFamilies, withLabels } from '../helpers/series/series-set.js';
import { untilFound } from '../helpers/until.js';

const skip = withoutRealServers();
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 2 * 3_600_000;
const basicAuth = { username: 'reader', password: 'p:a"s\\s ✓' };

interface Answer {
  readonly status: string;
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

async function query(
  baseUrl: string,
  expression: string,
  credentials?: { readonly username: string; readonly password: string },
): Promise<Record<string, string>> {
  const parameters = new URLSearchParams({ query: expression, time: String(endMs / 1000), nocache: '1' });
  const headers =
    credentials === undefined
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
        };
  const response = await fetch(`${baseUrl}/api/v1/query?${parameters.toString()}`, { headers });
  const answer = (await response.json()) as Answer;
  return Object.fromEntries(
    answer.data.result.map(({ metric, value }) => [Object.values(metric).join('/'), value[1]]),
  );
}

t.test('a series set is deterministic, depends on the region and lacks omitted metrics', async (t) => {
  const options = { region: 'west', startMs, endMs };
  const west = seriesSet(options);
  t.strictSame(seriesSet(options), west);
  t.notSame(seriesSet({ ...options, region: 'east' })[0]!.values, west[0]!.values);
  const perPod = Object.values(seriesSetFamilies).reduce((sum, count) => sum + count, 0);
  t.equal(west.length, 3 * 4 * perPod);
  const names = new Set(
    seriesSet({ ...options, omit: ['queue_depth'] }).map(({ labels }) => labels['__name__']),
  );
  t.notOk(names.has('queue_depth'));
  t.ok(names.has('request_duration_seconds_bucket'));
  const exact = (value: number | 'stale'): boolean => value !== 'stale' && Number.isInteger(value * 1024);
  t.ok(west.every(({ timestamps, values }) => timestamps.length === 481 && values.length === 481));
  t.ok(west.every(({ values }) => values.every(exact)));
});

t.test(
  'with churn, the last pod of each namespace ends with a stale marker in the middle of the range',
  async (t) => {
    const churned = seriesSet({ region: 'west', startMs, endMs, churn: true });
    const ended = churned.filter(({ values }) => values.at(-1) === 'stale');
    t.strictSame(
      ended,
      churned.filter(({ labels }) => labels['pod'] === 'pod-3'),
    );
    t.ok(ended.every(({ timestamps, values }) => timestamps.length === 241 && values.length === 241));
  },
);

t.test('two regions of VictoriaMetrics answer behind vmauth with basic auth', { skip }, async (t) => {
  for (const region of ['west', 'east']) {
    const storage = await startVictoriaMetrics(t);
    const series = seriesSet({ region, startMs, endMs });
    await importIntoVictoriaMetrics(storage.url, series);
    const auth = await startVmauth(t, { backends: [storage.url], basicAuth });
    t.equal(auth.baseUrl, `${auth.url}/vm/select/0/prometheus`);

    const expected: Record<string, number> = {};
    for (const { labels, values } of series) {
      if (labels['__name__'] !== 'queue_depth') continue;
      const namespace = labels['namespace']!;
      expected[namespace] = (expected[namespace] ?? 0) + Number(values.at(-1));
    }
    t.strictSame(
      await query(auth.baseUrl, 'sum by (namespace) (queue_depth)', basicAuth),
      Object.fromEntries(Object.entries(expected).map(([namespace, sum]) => [namespace, String(sum)])),
    );
    t.equal((await fetch(`${auth.baseUrl}/api/v1/query?query=1`)).status, 401);
  }
});

t.test('VictoriaMetrics scrapes itself and a Prometheus', { skip }, async (t) => {
  const prometheus = await startPrometheus(t, { scrape: [{ job: 'self', targets: ['self'] }] });
  const scrape = [
    { job: 'victoria-metrics', targets: ['self'] },
    { job: 'prometheus', targets: [`127.0.0.1:${prometheus.port}`] },
  ];
  const storage = await startVictoriaMetrics(t, { scrape });
  const jobs = await untilFound(async () => {
    await fetch(`${storage.url}/internal/force_flush`);
    const parameters = 'nocache=1&latency_offset=1ms';
    const response = await fetch(`${storage.url}/api/v1/query?query=up==1&${parameters}`);
    const { data } = (await response.json()) as Answer;
    return data.result.length === 2 ? data.result.map(({ metric }) => metric['job']) : undefined;
  }, 'two jobs with up == 1');
  t.strictSame(jobs.sort(), ['prometheus', 'victoria-metrics']);
});

t.test('a Prometheus has the union of the samples of two regions', { skip }, async (t) => {
  const prometheus = await startPrometheus(t);
  const regions = ['west', 'east'].map((region) =>
    withLabels(seriesSet({ region, startMs, endMs, churn: true }), { region }),
  );
  await importIntoPrometheus(prometheus.url, regions.flat());
  const perRegion = regions[0]!.filter(({ values }) => values.at(-1) !== 'stale').length;
  t.strictSame(await query(prometheus.url, 'count by (region) ({region!=""})'), {
    west: String(perRegion),
    east: String(perRegion),
  });
  const sums = regions[1]!.find(({ labels }) => labels['__name__'] === 'request_duration_seconds_sum')!;
  const selector = `request_duration_seconds_sum{region="east",namespace="ns-0",pod="pod-0"}[1h]`;
  const inWindow = sums.values.slice(-240).map(Number);
  t.strictSame(await query(prometheus.url, `sum_over_time(${selector})`), {
    [['ns-0', 'pod-0', 'east'].join('/')]: String(inWindow.reduce((sum, value) => sum + value, 0)),
  });
});

t.test('vmalert sends an alert to Alertmanager and writes its state', { skip }, async (t) => {
  const storage = await startVictoriaMetrics(t);
  const alertmanager = await startAlertmanager(t);
  const rule = { alert: 'AlwaysOn', expr: 'vector(1)', labels: { severity: 'none' } };
  await startVmalert(t, {
    datasource: storage.url,
    notifier: alertmanager.url,
    remoteWrite: storage.url,
    remoteRead: storage.url,
    rules: [JSON.stringify({ groups: [{ name: 'test', rules: [rule] }] })],
  });
  const names = await untilFound(async () => {
    const alerts = (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>;
    }[];
    return alerts.length > 0 ? alerts.map(({ labels }) => labels['alertname']) : undefined;
  }, 'an alert in Alertmanager');
  t.strictSame(names, ['AlwaysOn']);
});

t.test('a killed server is down and answers again after a restart', { skip }, async (t) => {
  const storage = await startVictoriaMetrics(t);
  const health = async (): Promise<number> => {
    try {
      return (await fetch(`${storage.url}/health`, { signal: AbortSignal.timeout(2_000) })).status;
    } catch {
      return 0;
    }
  };
  t.equal(await health(), 200);
  await storage.kill();
  t.equal(storage.pid(), undefined);
  t.equal(await health(), 0);
  await storage.restart();
  t.equal(await health(), 200);
  await storage.suspend();
  t.equal(await health(), 0);
  storage.resume();
  t.equal(await health(), 200);
  await storage.stop();
  t.equal(await health(), 0);
});

t.test('a server that does not start is an error with its output', { skip }, async (t) => {
  await t.rejects(startVictoriaMetrics(t, { args: ['-no-such-flag'] }), {
    message: /victoria-metrics ended before it was ready:[^]*no-such-flag/,
  });
});
