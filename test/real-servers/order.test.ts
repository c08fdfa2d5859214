// The order of instant results: sort, topk and what keeps their order, against one Prometheus with all series.
//
// `PROMFED_RUNS=2000 npm test -- test/real-servers/order` evaluates that number of random expressions.

import fc from 'fast-check';
import t from 'tap';

import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../helpers/series/series-set.js';

const skip = withoutRealServers();
const TIME_S = Date.UTC(2026, 5, 1, 12) / 1000;
/** VictoriaMetrics returns no series for 0 / 0. */
const ZERO_DIVISION = '0 / ';
const VALUES = [3, 7, 1, 9, 4, 8];

/** Series of a region in the order of their labels, with different values. */
function seriesOf(region: number): TestSeries[] {
  return ['temp', 'load'].flatMap((name, n) =>
    VALUES.map((value, i) => ({
      labels: { __name__: name, instance: `${i}`, zone: i % 3 === 0 ? 'b' : 'a' },
      timestamps: [TIME_S * 1000 - 60_000, TIME_S * 1000],
      values: [value, (n === 0 ? value : 11 - value) + region / 10],
    })),
  );
}

/** Vectors with an order that counts, and others that keep it. */
const EXPRESSIONS: readonly string[] = [
  'sort_desc(sum by (instance) (temp)) or vector(0)',
  'vector(0) or sort_desc(sum by (instance) (temp))',
  'topk(4, temp) or vector(1)',
  'sort_desc(temp) + on (instance, region) load',
  'load + on (instance, region) sort_desc(temp) or sort(temp)',
  'sort(temp) * on (instance, region) group_left load',
  'load * on (zone, region) group_right topk by (zone, region) (1, temp)',
  'sum by (zone, region) (load) * on (zone, region) group_right sort(temp)',
  'sort_desc(temp) * on (zone, region) group_left sum by (zone, region) (load)',
  'topk by (zone) (2, temp)',
  'bottomk by (instance) (1, sort_desc(temp))',
  'sum by (zone) (sort(temp))',
  'quantile by (instance) (0.5, sort_desc(temp))',
  'avg without (instance) (topk(5, temp)) or sort(load)',
  'sort(temp) and on (instance, region) topk(5, load)',
  'sort(temp) unless on (instance, region) topk(5, load)',
  'label_replace(abs(-sort_desc(temp)), "a", "$1", "instance", "(.*)")',
  'sort(0 / (temp - on (instance, region) temp))',
  'topk(3, 0 / (temp - on (instance, region) temp) or on (instance) load)',
  'sort(temp > bool 5)',
  'sort_desc(round(temp, 10))',
  'topk(3, sort(temp))',
  'timestamp(sort_desc(temp)) or load',
  'clamp_max(bottomk(4, temp), 3) == bool 3',
];

/** Random expressions whose order counts. Every series is unique with its labels instance and region. */
const { vector } = fc.letrec<{ vector: string; plain: string }>((tie) => ({
  plain: fc.constantFrom('temp', 'load', 'max by (instance, region, zone) (temp)'),
  vector: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.tuple(fc.constantFrom('sort', 'sort_desc'), tie('plain')).map(([f, x]) => `${f}(${x})`),
    fc
      .tuple(
        fc.constantFrom('topk', 'bottomk'),
        fc.constantFrom('', ' by (zone)', ' by (region, zone)'),
        fc.integer({ min: 1, max: 5 }),
        fc.oneof(tie('plain'), tie('vector')),
      )
      .map(([op, by, k, x]) => `${op}${by} (${k}, ${x})`),
    fc.tuple(fc.constantFrom('sort', 'sort_desc'), tie('vector')).map(([f, x]) => `${f}(${x})`),
    fc.tuple(fc.constantFrom('abs', '-', 'ceil', '10 -'), tie('vector')).map(([f, x]) => `${f}(${x})`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('+', 'and', 'unless', '*', '> bool'),
        fc.oneof(tie('plain'), tie('vector')),
      )
      .map(([x, op, y]) => `(${x} ${op} on (instance, region, zone) ${y})`),
    fc
      .tuple(tie('vector'), fc.oneof(tie('plain'), tie('vector')))
      .map(([x, y]) => `(${x} or on (instance, region, zone) ${y})`),
    fc.tuple(tie('plain'), tie('vector')).map(([x, y]) => `(${x} or on (instance, region, zone) ${y})`),
    fc
      .tuple(tie('plain'), tie('vector'))
      .map(([x, y]) => `(${x} + on (instance, region, zone) group_right ${y})`),
    fc
      .tuple(
        fc.constantFrom('sum', 'max', 'count', 'quantile'),
        fc.constantFrom('instance', 'zone', 'instance, region, zone'),
        tie('vector'),
      )
      .map(([op, by, x]) => `${op} by (${by}) (${op === 'quantile' ? '0.5, ' : ''}${x})`)
      .map((x) => `(label_replace(${x}, "region", "0", "region", ""))`),
    tie('vector').map((x) => `label_replace(${x}, "n", "$1", "instance", "(.*)")`),
  ),
}));

t.test('instant results have the order of Prometheus', { skip }, async (t) => {
  const regions = [0, 1].map(seriesOf);
  const union = regions.flatMap((series, i) => withLabels(series, { region: `${i}` }));
  const sorted = union.sort((a, b) => (labelText(a) < labelText(b) ? -1 : 1));
  const reference = await startPrometheus(t);
  await importIntoPrometheus(reference.url, sorted);
  const stores = await Promise.all(
    regions.map(async (series) => {
      const prometheus = await startPrometheus(t);
      await importIntoPrometheus(prometheus.url, series);
      const victoria = await startVictoriaMetrics(t);
      await importIntoVictoriaMetrics(victoria.url, series);
      return { prometheus: prometheus.url, victoria: victoria.url };
    }),
  );
  const groups = (urls: readonly string[]): string =>
    JSON.stringify({
      promxy: {
        server_groups: urls.map((url, i) => ({
          static_configs: [{ targets: [new URL(url).host] }],
          ...(urls.length > 1 ? { labels: { region: `${i}` } } : {}),
        })),
      },
    });
  const two = groups(stores.map(({ prometheus }) => prometheus));
  const layouts = {
    'two groups': await startPromfed(t, two),
    'two groups, pushdown off': await startPromfed(t, two, { pushdown: false }),
    'one group': await startPromfed(t, groups([reference.url])),
    VictoriaMetrics: await startPromfed(t, groups(stores.map(({ victoria }) => victoria))),
  };
  const differences = async (query: string): Promise<string[]> => {
    const parameters = { query, time: String(TIME_S) };
    const expected = order(await api(reference.url, '/api/v1/query', parameters));
    const all = await Promise.all(
      Object.entries(layouts).map(async ([name, { url }]) => {
        if (name === 'VictoriaMetrics' && query.includes(ZERO_DIVISION)) return [];
        const actual = order(await api(url, '/api/v1/query', parameters));
        return actual === expected ? [] : [`${name}: ${query}\n  ${actual}\n  expected ${expected}`];
      }),
    );
    return all.flat();
  };
  for (const query of EXPRESSIONS) t.same(await differences(query), [], query);
  const numRuns = randomRuns(150);
  const seed = randomSeed(6);
  await fc.assert(
    fc.asyncProperty(vector, async (query) => {
      const found = await differences(query);
      if (found.length > 0) throw new Error(found.join('\n'));
    }),
    { numRuns, seed },
  );
  t.comment(`${numRuns} random expressions of seed ${seed}`);
});

function labelText({ labels }: TestSeries): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** Prints the series of an answer in their order, or its error. */
function order({ data, error, errorType }: ApiAnswer<QueryData>): string {
  if (data === undefined) return errorType ?? error ?? '';
  return data.result
    .map(
      ({ metric, value }) =>
        `${JSON.stringify(Object.entries(metric).sort())} ${Number(value?.[1]).toPrecision(9)}`,
    )
    .join(' ');
}
