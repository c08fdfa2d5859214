// A server group with two Prometheus replicas, each with a gap at another time.

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

/** Removes the samples of some minutes. The gap starts with a stale marker, which ends the lookback. */
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

t.test('two replicas with gaps have the results of one server without gaps', { skip }, async (t) => {
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
  const resultOf = async (url: string, query: string): Promise<unknown> => {
    const { data, error } = await api(url, '/api/v1/query_range', { query, ...range });
    if (data === undefined) throw new Error(error);
    return data.result.map(({ metric, values }) => {
      const labels = Object.entries(metric).filter(([name]) => name !== 'region');
      return [labels, values];
    });
  };

  for (const query of [
    'memory_usage_bytes',
    'http_requests_total offset 1m',
    'queue_depth > 0',
    'sum(memory_usage_bytes)',
  ]) {
    t.same(await resultOf(promfed.url, query), await resultOf(whole.url, query), query);
  }
  const names = await api(promfed.url, '/api/v1/label/pod/values', { start: range.start, end: range.end });
  t.same(names.data, ['pod-0', 'pod-1']);

  await second.kill();
  const answer = await api(promfed.url, '/api/v1/query', {
    query: 'count(memory_usage_bytes)',
    time: range.end,
  });
  t.equal(answer.data?.result[0]?.value?.[1], '2', 'one replica is sufficient');
  t.match(
    answer.warnings,
    [/server group "pair".*connection refused/],
    'the missing replica causes a warning',
  );

  await first.kill();
  t.match(await api(promfed.url, '/api/v1/query', { query: 'up', time: range.end }), {
    httpStatus: 500,
    error: /server group "pair"/,
  });
});

t.test(
  'raw samples of replicas with gaps are merged, also without stale markers at the gaps',
  { skip },
  async (t) => {
    const [first, second, whole] = await Promise.all([
      startPrometheus(t),
      startPrometheus(t),
      startPrometheus(t),
    ]);
    const withoutMarkers = (all: readonly TestSeries[]): TestSeries[] =>
      all.map(({ labels, timestamps, values }) => ({
        labels,
        timestamps: timestamps.filter((_, i) => values[i] !== 'stale'),
        values: values.filter((value) => value !== 'stale'),
      }));
    await Promise.all([
      importIntoPrometheus(first.url, withoutMarkers(withGap(series, 10, 25))),
      importIntoPrometheus(second.url, withoutMarkers(withGap(series, 35, 50))),
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
      const [actual, expected] = await Promise.all(
        [promfed.url, whole.url].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
      );
      t.ok((expected?.data?.result.length ?? 0) > 0, `${query}: has samples`);
      t.same(actual?.data, expected?.data, query);
    }

    await second.kill();
    const partial = await api(promfed.url, '/api/v1/query', {
      query: 'count(memory_usage_bytes)',
      time: range.end,
    });
    t.equal(partial.data?.result[0]?.value?.[1], '2', 'one replica is sufficient');
    t.match(
      partial.warnings,
      [/server group "pair".*connection refused/],
      'the missing replica causes a warning',
    );
  },
);
