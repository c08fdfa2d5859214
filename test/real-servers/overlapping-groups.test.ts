// Groups that no label distinguishes: a series moves from one to another, or is stored by both.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type Teardown,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';

const skip = withoutRealServers();
const T0 = 1_750_000_000;

type Sample = readonly [afterS: number, value: number | 'stale'];

const series = (name: string, samples: readonly Sample[]): TestSeries => ({
  labels: { __name__: name },
  timestamps: samples.map(([afterS]) => (T0 + afterS) * 1000),
  values: samples.map(([, value]) => value),
});

/** A counter that grows by 13 each minute. One sample is 5 larger. */
const counter: readonly Sample[] = Array.from({ length: 40 }, (_, i) => [
  60 * i,
  13 * i + (i === 29 ? 5 : 0),
]);
const until = (endS: number): readonly Sample[] => counter.filter(([afterS]) => afterS <= endS);
const from = (startS: number): readonly Sample[] => counter.filter(([afterS]) => afterS >= startS);

/** The series of the two regions. */
const older = [
  series('x', until(1800)),
  series('marked', [...until(1800), [1875, 'stale']]),
  series('pausing', [...until(1800), [1815, 'stale']]),
  series('both', [...until(2160), [2175, 'stale']]),
  series('ended', [...until(1800), [1860, 'stale']]),
  series('edge', [...Array.from({ length: 121 }, (_, i): Sample => [15 * i, i]), [1815, 'stale']]),
  series('only_older', counter),
];
const newer = [
  series('x', from(1860)),
  series('marked', from(1860)),
  series('pausing', from(1860)),
  series('both', counter),
  series('ended', [...until(1800), [1860, 'stale']]),
  series(
    'edge',
    until(1740).map(([afterS, value]) => [afterS + 55, value]),
  ),
  series('only_newer', counter),
];

interface Case {
  readonly query: string;
  readonly afterS: number;
  /** Undefined when there is no result. */
  readonly value: string | undefined;
}

const windows: readonly Case[] = [
  { query: 'rate(x[5m])', afterS: 2000, value: String(47 / 240) },
  { query: 'increase(x[30m])', afterS: 2000, value: '390' },
  { query: 'count_over_time(x[10m])', afterS: 2000, value: '10' },
  { query: 'count_over_time(x[10m:1m])', afterS: 2000, value: '10' },
  { query: 'count_over_time(both[10m])', afterS: 2000, value: '10' },
  { query: 'sum(rate(x[5m] offset 1m))', afterS: 2060, value: String(47 / 240) },
];

const lookback: readonly Case[] = [
  { query: 'x', afterS: 2000, value: String(13 * 33) },
  { query: 'x', afterS: 1859, value: String(13 * 30) },
  { query: 'timestamp(x)', afterS: 2000, value: String(T0 + 1980) },
  { query: 'count(x)', afterS: 2000, value: '1' },
  { query: 'count(only_older) + count(only_newer)', afterS: 2000, value: '2' },
  { query: 'absent(x)', afterS: 2000, value: undefined },
];

/** They need the stale markers of both regions. */
const markers: readonly Case[] = [
  { query: 'marked', afterS: 1880, value: String(13 * 31) },
  { query: 'marked', afterS: 1919, value: String(13 * 31) },
  { query: 'absent(marked)', afterS: 1880, value: undefined },
  { query: 'pausing', afterS: 1820, value: undefined },
  { query: 'absent(pausing)', afterS: 1820, value: '1' },
  { query: 'pausing', afterS: 1860, value: String(13 * 31) },
  { query: 'both', afterS: 2180, value: String(13 * 36) },
  { query: 'ended', afterS: 1860, value: undefined },
  // The samples that continue the series are not in the lookback.
  { query: 'edge', afterS: 2097, value: '120' },
];

const stores = {
  Prometheus: async (t: Teardown, data: readonly TestSeries[]) => {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, data);
    return url;
  },
  VictoriaMetrics: async (t: Teardown, data: readonly TestSeries[]) => {
    const { url } = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(url, data);
    return url;
  },
};

const hostOf = (url: string): string => JSON.stringify(new URL(url).host);

for (const [first, second] of [
  ['Prometheus', 'Prometheus'],
  ['Prometheus', 'VictoriaMetrics'],
  ['VictoriaMetrics', 'Prometheus'],
] as const) {
  t.test(`series move from ${first} to ${second}`, { skip }, async (t) => {
    const hosts = (await Promise.all([stores[first](t, older), stores[second](t, newer)])).map(hostOf);
    for (const [settings, cases] of [
      ['', [...windows, ...lookback, ...markers]],
      ['semantics: native, ', [...windows, ...lookback, ...markers]],
      // Without remote read, Prometheus does not return stale markers.
      ['remote_read: false, ', [...windows, ...lookback]],
    ] as const) {
      const groups = hosts.map((host, i) => {
        return `{ name: ${i === 0 ? 'older' : 'newer'}, ${settings}static_configs: [{ targets: [${host}] }] }`;
      });
      const { url } = await startPromfed(t, `promxy: { server_groups: [${groups.join(',')}] }`);
      for (const { query, afterS, value } of cases) {
        const time = String(T0 + afterS);
        const { data, error } = await api(url, '/api/v1/query', { query, time });
        const actual = data?.result[0]?.value?.[1];
        t.equal(actual, value, `${settings}${query} at ${afterS} s ${error ?? ''}`);
        const range = { query, start: time, end: time, step: '60' };
        const ranged = await api(url, '/api/v1/query_range', range);
        t.equal(ranged.data?.result[0]?.values?.[0]?.[1], value, `${settings}${query} as a range`);
      }
      const { data } = await api<Explanation>(url, '/api/v1/explain', { query: 'rate(x[5m])', time: '0' });
      t.match(data?.text, /range 300000ms {2}-- here: older and newer may hold parts of the same series/);
    }
  });
}

t.test('a third region, which a label distinguishes, computes its own series', { skip }, async (t) => {
  const urls = await Promise.all([
    stores.Prometheus(t, older),
    stores.Prometheus(t, newer),
    stores.Prometheus(t, [series('x', counter)]),
  ]);
  const groups = ['eu', 'eu', 'us'].map((region, i) => {
    return `{ name: g${i}, labels: { region: ${region} }, static_configs: [{ targets: [${hostOf(urls[i]!)}] }] }`;
  });
  const { url } = await startPromfed(t, `promxy: { server_groups: [${groups.join(',')}] }`);
  const time = String(T0 + 2000);
  const valueOf = async (query: string): Promise<unknown> => {
    const { data } = await api(url, '/api/v1/query', { query, time });
    return data!.result.map(({ metric, value }) => [metric['region'], value?.[1]]);
  };
  const rate = String(47 / 240);
  t.same(await valueOf('rate(x[5m])'), [
    ['eu', rate],
    ['us', rate],
  ]);
  t.same(await valueOf('sum by (region) (increase(x[30m]))'), [
    ['eu', '390'],
    ['us', '390'],
  ]);
  t.same(await valueOf('sum(increase(x[30m]))'), [[undefined, '780']]);
  t.same(await valueOf('rate(x{region="us"}[5m])'), [['us', rate]]);
  const explain = async (query: string): Promise<string> =>
    (await api<Explanation>(url, '/api/v1/explain', { query, time })).data!.text;
  t.match(await explain('rate(x{region="us"}[5m])'), /^fetch\n {2}g2: rate\(x\[5m\]\)/);
  t.match(await explain('sum(rate(x[5m]))'), / fetch\n {6}g2: sum\(rate\(x\[5m\]\)\) as \{region="us"\}/);
});
