// Replicas that scrape at different times. Without a configured anti-affinity, the first one leads.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { histogramSet } from '../helpers/series/histogram-set.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { answerDifferences } from '../helpers/union/answers.js';
import { mergedReplicas } from '../helpers/union/merged-replicas.js';
import { scrape } from '../helpers/union/scrapes.js';

const skip = withoutRealServers();
const START_MS = 1_750_000_000_000;
const SPAN_MS = 90 * 60_000;

function series(
  name: string,
  { intervalMs, offsetMs = 0 }: { readonly intervalMs: number; readonly offsetMs?: number },
  value: (i: number) => number,
): TestSeries {
  const times = Array.from({ length: SPAN_MS / intervalMs }, (_, i) => START_MS + offsetMs + i * intervalMs);
  return { labels: { __name__: name }, timestamps: times, values: times.map((_, i) => value(i)) };
}

/** A gauge each 30 s, 15 s later in the second replica; a counter each minute, and the clock of the second is 14 s slow. */
const replicas: readonly (readonly TestSeries[])[] = [
  [series('x', { intervalMs: 30_000 }, () => 1), series('c_total', { intervalMs: 60_000 }, (i) => 600 * i)],
  [
    series('x', { intervalMs: 30_000, offsetMs: 15_000 }, () => 1),
    series('c_total', { intervalMs: 60_000, offsetMs: -14_000 }, (i) => 600 * i + 5),
  ],
];

const timeS = START_MS / 1000 + 4500;

const stores = {
  Prometheus: async (t: Parameters<typeof startPrometheus>[0], data: readonly TestSeries[]) => {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, data);
    return url;
  },
  VictoriaMetrics: async (t: Parameters<typeof startVictoriaMetrics>[0], data: readonly TestSeries[]) => {
    const { url } = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(url, data);
    return url;
  },
};

for (const [first, second] of [
  ['Prometheus', 'Prometheus'],
  ['Prometheus', 'VictoriaMetrics'],
] as const) {
  t.test(`replicas in ${first} and ${second} have the results of the first one`, { skip }, async (t) => {
    const urls = await Promise.all([stores[first](t, replicas[0]!), stores[second](t, replicas[1]!)]);
    const targets = urls.map((url) => JSON.stringify(new URL(url).host)).join(',');
    for (const settings of ['', 'semantics: native, ']) {
      // VictoriaMetrics computes rates without extrapolation.
      if (settings.includes('native') && second !== 'Prometheus') continue;
      const { url } = await startPromfed(
        t,
        `promxy: { server_groups: [{ name: pair, ${settings}static_configs: [{ targets: [${targets}] }] }] }`,
      );
      for (const [query, expected] of [
        ['sum_over_time(x[1h])', '120'],
        ['count_over_time(x[1m])', '2'],
        ['rate(c_total[10m])', '10'],
        ['resets(c_total[30m])', '0'],
        ['c_total', '45000'],
        ['c_total offset 30s', '44400'],
        ['sum(count_over_time(c_total[1h:10s]))', '360'],
      ] as const) {
        const { data, error } = await api(url, '/api/v1/query', { query, time: String(timeS) });
        t.equal(data?.result[0]?.value?.[1], expected, `${settings}${query} ${error ?? ''}`);
        const range = { start: String(timeS - 900), end: String(timeS), step: '7' };
        const [ours, theirs] = await Promise.all(
          [url, urls[0]].map((one) => api(one, '/api/v1/query_range', { query, ...range })),
        );
        t.same(
          ours!.data,
          theirs!.data,
          `${settings}${query}: the result of the first replica at every step`,
        );
      }
    }
  });
}

t.test('a configured anti-affinity is applied as promxy applies it', { skip }, async (t) => {
  const urls = await Promise.all(replicas.map((data) => stores.Prometheus(t, data)));
  const targets = urls.map((url) => JSON.stringify(new URL(url).host)).join(',');
  const valueOf = async (settings: string): Promise<unknown> => {
    const { url } = await startPromfed(
      t,
      `promxy: { server_groups: [{ ${settings}, static_configs: [{ targets: [${targets}] }] }] }`,
    );
    const parameters = { query: 'count_over_time(x[1h])', time: String(timeS) };
    return (await api(url, '/api/v1/query', parameters)).data?.result[0]?.value?.[1];
  };
  t.equal(await valueOf('anti_affinity: 10s'), '240', 'a short buffer takes the samples of both');
  t.equal(await valueOf('anti_affinity: 30s'), '120');
  t.equal(await valueOf('anti_affinity_dynamic: true'), '120');
});

/** Without the samples of the gap, and the others as they are. */
function withoutMinutes(all: readonly TestSeries[], from: number, to: number): TestSeries[] {
  const isKept = (timeMs: number): boolean =>
    timeMs < START_MS + from * 60_000 || timeMs >= START_MS + to * 60_000;
  return all.map(({ labels, timestamps, values }) => ({
    labels,
    timestamps: timestamps.filter(isKept),
    values: values.filter((_, i) => isKept(timestamps[i]!)),
  }));
}

for (const store of ['Prometheus', 'VictoriaMetrics'] as const) {
  t.test(`replicas in ${store} fill gaps without false resets or jumps`, { skip }, async (t) => {
    const regular = { intervalMs: 30_000 };
    const later = { intervalMs: 30_000, offsetMs: 11_000 };
    const resets = (i: number): number => (i < 80 ? 600 + 15 * i : 15 * (i - 80));
    const first = [
      series('same_total', regular, resets),
      series('lower_total', regular, (i) => 100_000 + 30 * i),
      series('higher_total', regular, (i) => 30 * i),
    ];
    const second = [
      series('same_total', later, resets),
      series('lower_total', later, (i) => 30 * i),
      series('higher_total', later, (i) => 100_000 + 30 * i),
    ];
    const urls = await Promise.all([
      stores[store](t, withoutMinutes(first, 30, 50)),
      stores[store](t, withoutMinutes(second, 60, 70)),
    ]);
    const targets = urls.map((url) => JSON.stringify(new URL(url).host)).join(',');
    const { url } = await startPromfed(
      t,
      `promxy: { server_groups: [{ name: pair, static_configs: [{ targets: [${targets}] }] }] }`,
    );
    const range = { start: String(START_MS / 1000 + 1200), end: String(START_MS / 1000 + 4800), step: '60' };
    for (const [query, low, high] of [
      ['resets(same_total[90m])', 0, 1],
      ['resets(lower_total[1h])', 0, 0],
      ['resets(higher_total[1h])', 0, 0],
      ['rate(same_total[5m])', 0.4, 0.6],
      ['rate(lower_total[5m])', 0.8, 1.2],
      ['rate(higher_total[5m])', 0.8, 1.2],
      ['irate(lower_total[5m])', 0, 2],
    ] as const) {
      const { data, error } = await api(url, '/api/v1/query_range', { query, ...range });
      const values = data?.result[0]?.values?.map(([, value]) => Number(value)) ?? [];
      t.equal(values.length, 61, `${query} ${error ?? ''}`);
      t.ok(
        values.every((value) => value >= low && value <= high),
        `${query}: ${values.join(' ')}`,
      );
    }
  });
}

t.test(
  'native histograms of replicas out of step are merged with their stale markers',
  { skip },
  async (t) => {
    const endMs = START_MS + 40 * 60_000;
    const truth = histogramSet({ region: 'eu', startMs: START_MS - 60_000, intervalMs: 15_000, count: 165 });
    const shared = { startMs: START_MS, endMs, intervalMs: 30_000, jitterMs: 0, seed: '' };
    const targets = [
      scrape(truth, {
        ...shared,
        offsetMs: 2_000,
        gaps: [{ fromMs: START_MS + 600_000, toMs: START_MS + 1_000_000, isMarked: true }],
      }),
      scrape(truth, {
        ...shared,
        offsetMs: 19_000,
        gaps: [{ fromMs: START_MS + 900_000, toMs: START_MS + 1_500_000, isMarked: false }],
      }),
    ];
    const [reference, ...urls] = await Promise.all(
      [mergedReplicas(targets), ...targets].map(async (data) => {
        const { url } = await startPrometheus(t, { args: ['--enable-feature=native-histograms'] });
        await importIntoPrometheus(url, data);
        return url;
      }),
    );
    const hosts = urls.map((url) => JSON.stringify(new URL(url).host)).join(',');
    const { url } = await startPromfed(
      t,
      `promxy: { server_groups: [{ remote_read: true, static_configs: [{ targets: [${hosts}] }] }] }`,
    );
    const range = { start: String(START_MS / 1000 + 300), end: String(endMs / 1000), step: '13' };
    for (const query of [
      'histogram_count(latency)',
      'histogram_sum(bounded)',
      'count(latency) by (shape)',
      'histogram_quantile(0.9, sum(rate(latency{shape!~"resets|coarser"}[2m])))',
      'histogram_count(increase(latency{shape!~"resets|coarser"}[5m]))',
      'count_over_time(mixed[5m])',
      'resets(latency[10m])',
    ]) {
      const [ours, theirs] = await Promise.all(
        [url, reference!].map((one) => api(one, '/api/v1/query_range', { query, ...range })),
      );
      t.ok((theirs!.data?.result.length ?? 0) > 0, `${query}: has samples`);
      t.same(answerDifferences(ours!, theirs!), [], query);
    }
  },
);
