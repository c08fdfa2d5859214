// The order of instant results, where it counts, is that of one Prometheus with the series of all regions.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../helpers/series/series-set.js';

const skip = withoutRealServers();
const endMs = 1_750_000_000_000;
const timestamps = [endMs - 60_000, endMs];

/** Returns series whose order by value is not their order by labels. */
function seriesOf(offset: number): readonly TestSeries[] {
  return ['temp', 'load'].flatMap((name, n) =>
    Array.from({ length: 5 }, (_, i) => {
      const value = ((i * 7 + offset * 3 + n) % 11) + offset / 10;
      return {
        labels: { __name__: name, instance: `i-${i}`, zone: `z-${i % 2}` },
        timestamps,
        values: timestamps.map(() => value),
      };
    }),
  );
}

/** Their order depends on values only: the order of series in Prometheus' storage, and so that of groups, is arbitrary. */
const EXPRESSIONS = [
  'sort_desc(sum by (instance) (temp)) or vector(0)',
  'topk(4, temp) or vector(1)',
  'vector(1) or topk(4, temp)',
  'sort_desc(temp) + on (instance, region) load',
  'sort(temp) * on (instance, region) group_left () load',
  'load * on (instance, region) group_right () sort_desc(temp)',
  'sort_desc(temp) and load',
  'sort_desc(temp) unless on (instance) (load > 5)',
  'sort(temp) > 3',
  '-sort(temp)',
  'abs(sort_desc(temp))',
  'label_replace(sort(temp), "x", "$1", "instance", "i-(.*)")',
  'sum by (zone) (sort_desc(temp))',
  'sort_desc(topk by (zone) (2, temp))',
  'topk(3, sort(temp) or load)',
  'quantile by (zone) (0.5, sort_desc(temp))',
];

t.test('instant results over two regions have the order of one Prometheus', { skip }, async (t) => {
  const groups = ['eu', 'us'].map((region, i) => ({ region, series: seriesOf(i) }));
  const start = async (series: readonly TestSeries[]): Promise<string> => {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, series);
    return url;
  };
  const [reference, ...regions] = await Promise.all([
    start(groups.flatMap(({ region, series }) => withLabels(series, { region }))),
    ...groups.map(({ series }) => start(series)),
  ]);
  const configuration = JSON.stringify({
    promxy: {
      server_groups: regions.map((url, i) => ({
        labels: { region: groups[i]!.region },
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    },
  });
  const on = await startPromfed(t, configuration);
  const off = await startPromfed(t, configuration, { pushdown: false });
  for (const query of EXPRESSIONS) {
    const [expected, ...got] = await Promise.all(
      [reference, on.url, off.url].map((url) =>
        api(url, '/api/v1/query', { query, time: String(endMs / 1000) }),
      ),
    );
    for (const answer of got) t.same(answer.data, expected!.data, query);
  }
});
