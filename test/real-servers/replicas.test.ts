// A server group of two real Prometheus replicas, each with gaps the other does not have.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, type TestSeries } from '../helpers/series/series-set.js';

const skip = withoutRealServers();
const intervalMs = 30_000;
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 60 * 60_000;
const series = seriesSet({ region: 'eu', startMs, endMs, intervalMs, namespaces: 1, pods: 2 });

/** The series without the samples of some minutes; it begins with a stale marker, so that lookback ends there. */
function withGap(all: readonly TestSeries[], fromMinute: number, toMinute: number): TestSeries[] {
  const gapStartMs = startMs + fromMinute * 60_000;
  const inGap = (timeMs: number): boolean => timeMs >= gapStartMs && timeMs < startMs + toMinute * 60_000;
  return all.map(({ labels, timestamps, values }) => ({
    labels,
    timestamps: timestamps.filter((timeMs) => !inGap(timeMs) || timeMs === gapStartMs),
    values: values.flatMap((value, i) => {
      if (timestamps[i] === gapStartMs) return ['stale' as const];
      return inGap(timestamps[i]!) ? [] : [value];
    }),
  }));
}

t.test('two replicas with gaps answer as one without', { skip }, async (t) => {
  const [first, second, whole] = await Promise.all([
    startPrometheus(t),
    startPrometheus(t),
    startPrometheus(t),
  ]);
  await Promise.all([
    importIntoPrometheus(first.url, withGap(series, 10, 25)),
    importIntoPrometheus(second.url, withGap(series, 35, 50)),
    importIntoPrometheus(whole.url, series),
  ]);
  const targets = [first, second].map(({ url }) => JSON.stringify(new URL(url).host));
  const promfed = await startPromfed(
    t,
    `promxy: { server_groups: [{ name: pair, anti_affinity: 10s, labels: { region: eu }, static_configs: [{ targets: [${targets.join(',')}] }] }] }`,
  );
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: '30' };
  const ask = async (url: string, query: string): Promise<unknown> => {
    const { data, error } = await api(url, '/api/v1/query_range', { query, ...range });
    if (data === undefined) throw new Error(error);
    return data.result.map(({ metric, values }) => {
      const own = Object.entries(metric).filter(([name]) => name !== 'region');
      return [own, values];
    });
  };

  for (const query of [
    'memory_usage_bytes',
    'http_requests_total offset 1m',
    'queue_depth > 0',
    'sum(memory_usage_bytes)',
  ]) {
    t.same(await ask(promfed.url, query), await ask(whole.url, query), query);
  }
  const names = await api(promfed.url, '/api/v1/label/pod/values', { start: range.start, end: range.end });
  t.same(names.data, ['pod-0', 'pod-1']);

  await second.kill();
  const answer = await api(promfed.url, '/api/v1/query', {
    query: 'count(memory_usage_bytes)',
    time: range.end,
  });
  t.equal(answer.data?.result[0]?.value?.[1], '2', 'one replica is enough');
  t.match(answer.warnings, [/server group "pair".*connection refused/], 'and the other is missed out loud');

  await first.kill();
  t.match(await api(promfed.url, '/api/v1/query', { query: 'up', time: range.end }), {
    httpStatus: 500,
    error: /server group "pair"/,
  });
});

t.test(
  'replicas with gaps answer as one whole from raw samples, without a stale marker at any gap',
  { skip },
  async (t) => {
    const [first, second, whole] = await Promise.all([
      startPrometheus(t),
      startPrometheus(t),
      startPrometheus(t),
    ]);
    const silent = (all: readonly TestSeries[]): TestSeries[] =>
      all.map(({ labels, timestamps, values }) => ({
        labels,
        timestamps: timestamps.filter((_, i) => values[i] !== 'stale'),
        values: values.filter((value) => value !== 'stale'),
      }));
    await Promise.all([
      importIntoPrometheus(first.url, silent(withGap(series, 10, 25))),
      importIntoPrometheus(second.url, silent(withGap(series, 35, 50))),
      importIntoPrometheus(whole.url, series),
    ]);
    const targets = [first, second].map(({ url }) => JSON.stringify(new URL(url).host));
    const promfed = await startPromfed(
      t,
      `promxy: { server_groups: [{ name: pair, anti_affinity: 10s, static_configs: [{ targets: [${targets.join(',')}] }] }] }`,
      { pushdown: false },
    );
    const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: '10' };
    for (const query of [
      'memory_usage_bytes',
      'rate(http_requests_total[2m])',
      'sum(increase(http_requests_total[5m]))',
      'max_over_time(sum(memory_usage_bytes)[5m:30s])',
      'count_over_time({__name__=~"queue.*"}[3m])',
    ]) {
      const [ours, theirs] = await Promise.all(
        [promfed.url, whole.url].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
      );
      t.ok((theirs?.data?.result.length ?? 0) > 0, `${query}: there is something to compare`);
      t.same(ours?.data, theirs?.data, query);
    }

    await second.kill();
    const partial = await api(promfed.url, '/api/v1/query', {
      query: 'count(memory_usage_bytes)',
      time: range.end,
    });
    t.equal(partial.data?.result[0]?.value?.[1], '2', 'one replica is enough');
    t.match(partial.warnings, [/server group "pair".*connection refused/], 'the other is missed out loud');
  },
);
