// VictoriaMetrics and Prometheus with the same series: the label sets, the number of series and the errors of every result
// are those of one Prometheus. VictoriaMetrics keeps metric names where PromQL removes them, and reports other errors.
//
// `PROMFED_RUNS` and `PROMFED_SEED` are those of union.test.ts.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { arbitraryComparableExpression } from '../helpers/union/comparable-expressions.js';
import { checkRandom } from '../helpers/union/check-random.js';
import { endMs, times } from '../helpers/union/cases.js';
import { MixedServers, mixedLayouts, startMixedUnion } from '../helpers/union/mixed-union.js';
import { unionSeries } from '../helpers/union/series.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(100);
const seed = randomSeed(9);
const startMs = endMs - 75 * 60_000;

/** Without metrics that VictoriaMetrics does not store or read like Prometheus. */
const seriesOf = (region: string): TestSeries[] =>
  unionSeries(region, { startMs, endMs }, ['odd', 'passing', 'sparse']);

const layouts = mixedLayouts({
  eu: seriesOf('eu'),
  us: seriesOf('us'),
  boundaryMs: endMs - 17 * 60_000 + 7_000,
});
const numRuns = Math.ceil(runs / layouts.length);
const [atInstant, ...ranges] = times;

const TWO_METRICS = '{__name__=~"memory_usage_bytes|queue_depth"}';

const curated = [
  'memory_usage_bytes',
  // Names that VictoriaMetrics keeps.
  'max_over_time(queue_depth[5m])',
  'min_over_time(queue_depth[5m])',
  'avg_over_time(queue_depth[5m])',
  'quantile_over_time(0.5, queue_depth[5m])',
  'predict_linear(queue_depth[5m], 60)',
  'round(queue_depth)',
  'ceil(queue_depth)',
  'floor(queue_depth)',
  'clamp(queue_depth, 1, 3)',
  'clamp_min(queue_depth, 1)',
  'clamp_max(queue_depth, 3)',
  'last_over_time(queue_depth[5m])',
  'max_over_time(queue_depth[5m:1m])',
  'max_over_time(round(queue_depth)[5m:1m])',
  'count(max_over_time(queue_depth[5m]))',
  'sum(max_over_time(queue_depth[5m]))',
  'count(round(queue_depth))',
  'count by (__name__) (round(queue_depth))',
  'count by (__name__) (queue_depth)',
  'sum without (pod) (round(queue_depth))',
  'round(queue_depth) + memory_usage_bytes',
  'round(queue_depth) > memory_usage_bytes',
  'round(queue_depth) > 1',
  'round(queue_depth) > bool 1',
  'round(queue_depth) and memory_usage_bytes',
  'round(queue_depth) * on (__name__, namespace, pod) ceil(memory_usage_bytes)',
  'round(queue_depth) unless memory_usage_bytes',
  'round(queue_depth) and on (__name__, pod) memory_usage_bytes',
  'round(queue_depth) or queue_depth',
  'round(queue_depth) or memory_usage_bytes',
  'label_replace(round(queue_depth), "name", "$1", "__name__", "(.*)")',
  'sum(label_replace(queue_depth, "pod", "", "", ""))',
  'sum(label_join(queue_depth, "pod", "-", "namespace"))',
  'sum(queue_depth) / memory_usage_bytes',
  'memory_usage_bytes > sum(queue_depth)',
  'sum by (region) (queue_depth) / memory_usage_bytes',
  'queue_depth or round(queue_depth)',
  'queue_depth or memory_usage_bytes',
  'sort(round(queue_depth))',
  'count_values("depth", round(queue_depth))',
  'group(round(queue_depth))',
  'group by (__name__) (clamp_min(queue_depth, 0))',
  'absent(round(queue_depth))',
  'absent(gone{pod="x"} offset 1m)',
  'absent_over_time(gone{pod="x"}[5m])',
  'timestamp(queue_depth)',
  'timestamp(round(queue_depth))',
  'label_replace(round(queue_depth), "__name__", "depth", "", "")',
  'label_replace(queue_depth, "pod", "", "", "")',
  'label_join(queue_depth, "pod", "-", "namespace")',
  'label_replace(sum by (pod) (queue_depth), "node", "$1", "pod", "pod-(.*)")',
  'scalar(round(queue_depth{namespace="ns-0",pod="pod-0"}))',
  'vector(scalar(round(queue_depth{namespace="ns-0",pod="pod-0"})))',
  'histogram_quantile(0.9, max_over_time(request_duration_seconds_bucket[5m]))',
  'histogram_quantile(0.9, request_duration_seconds_bucket)',
  'sum(queue_depth) / sum(memory_usage_bytes)',
  '-queue_depth',
  '-round(queue_depth)',
  'hour(queue_depth)',
  // Series that become equal.
  `round(${TWO_METRICS})`,
  `max_over_time(${TWO_METRICS}[5m])`,
  `-${TWO_METRICS}`,
  `count(round(${TWO_METRICS}))`,
  `sum(max_over_time(${TWO_METRICS}[5m]))`,
  `sum(rate(${TWO_METRICS}[5m]))`,
  `sum(-${TWO_METRICS})`,
  `max_over_time(round(${TWO_METRICS})[5m:1m])`,
  `topk(2, round(${TWO_METRICS}))`,
  `memory_usage_bytes and round(${TWO_METRICS})`,
  `scalar(round(${TWO_METRICS}))`,
  `round(${TWO_METRICS}) or vector(1)`,
  `${TWO_METRICS} * 2`,
  `last_over_time(${TWO_METRICS}[5m])`,
  `count(last_over_time(${TWO_METRICS}[5m]))`,
  `count(${TWO_METRICS} > 1)`,
  `round(${TWO_METRICS} > 1e9)`,
  `round(queue_depth > 3 or memory_usage_bytes)`,
  `label_replace(${TWO_METRICS}, "__name__", "both", "", "")`,
];

t.test('mixed stores have the label sets and errors of one Prometheus', { skip }, async (t) => {
  const servers = new MixedServers(t);
  for (const layout of layouts) {
    await t.test(layout.name, async (t) => {
      const union = await startMixedUnion(t, servers, layout);

      await t.test('names, and series that become equal', async (t) => {
        for (const query of curated) {
          for (const at of [atInstant!, ranges[1]!]) {
            const { differences } = await union.compare(query, at);
            t.same(differences, [], `${query} at steps of ${at.step ?? 0} s`);
          }
        }
      });

      await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
        let foundCount = 0;
        const region = layout.groups.flatMap(({ labels }) => labels?.['region'] ?? []);
        const groupLabels = region.length === 0 ? {} : { region };
        const expression = arbitraryComparableExpression(
          { groupLabels, endS: endMs / 1000 },
          { filtersOwnValues: false },
        );
        const bothTimes = fc.constantFrom(...ranges).map((range) => [atInstant!, range]);
        await checkRandom({ expression, times: bothTimes, numRuns, seed }, async (query, at) => {
          const { differences, found } = await union.compare(query, at);
          if (found) foundCount++;
          return differences.length === 0
            ? []
            : [`${query} at steps of ${at.step ?? 0} s`, ...differences.slice(0, 5)];
        });
        t.ok(foundCount > numRuns / 2, 'many expressions have samples');
      });
    });
  }
});
