// The union test with VictoriaMetrics, for regions and for the reference. Expressions that are pushed down follow its rules
// on both sides, for example rates without extrapolation and a lookback for each series. promfed follows PromQL, so only
// expressions on which both languages agree are evaluated (see comparable-expressions.ts). Metric names are ignored,
// because some functions of VictoriaMetrics keep names that PromQL removes.
//
// `PROMFED_RUNS` and `PROMFED_SEED` are those of union.test.ts.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { checkRandom } from '../helpers/union/check-random.js';
import { cases, endMs, times } from '../helpers/union/cases.js';
import { arbitraryComparableExpression } from '../helpers/union/comparable-expressions.js';
import type { UnionGroup } from '../helpers/union/prometheus-union.js';
import { startVictoriaMetricsUnion } from '../helpers/union/victoriametrics-union.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(300);
const seed = randomSeed(4);
// Replicas and overlapping groups are merged by promfed from raw samples, by the rules of PromQL, and covered by
// union.test.ts and union-mixed-stores.test.ts.
const disjointCases = cases.filter(({ groups }) => {
  const all = groups();
  return (
    all.every(({ targets }) => targets.length === 1) &&
    all.every((a, i) => all.slice(i + 1).every((b) => areDistinguished(a, b)))
  );
});
const numRuns = Math.ceil(runs / disjointCases.length);
const [atInstant, ...ranges] = times;

/** Reports whether a label has different values: one of the groups, or an injected one of the region. */
function areDistinguished(a: UnionGroup, b: UnionGroup): boolean {
  if (a.inject !== undefined && b.inject !== undefined) return true;
  return Object.entries(a.labels).some(([name, value]) => ![undefined, value].includes(b.labels[name]));
}

const curated = [
  'max(memory_usage_bytes) < 2',
  '10 / max(memory_usage_bytes)',
  'topk(1, memory_usage_bytes) * -1',
  'avg by (namespace) (rate(http_requests_total[5m]))',
  'sum by (region) (count by (region, pod) (http_requests_total))',
  'max(sum by (region, tier, zone) (rate(http_requests_total[5m])))',
  'quantile by (namespace) (0.9, memory_usage_bytes)',
  'count_values("depth", queue_depth)',
  'sum(queue_depth{region="nowhere"}) or vector(0)',
  'memory_usage_bytes * scalar(sum(pod_info))',
  'absent(gone{region="eu",pod="x"})',
  'absent(memory_usage_bytes{region="eu"})',
  'http_requests_total{code="500"} / ignoring (code) http_requests_total{code="200"}',
  'http_requests_total{code="500"} / on (region, tier, zone, namespace, pod) http_requests_total{code="200"}',
  'http_requests_total * on (region, tier, zone, namespace, pod) group_left (node) pod_info',
  'rate(http_requests_total[5m]) / on (region, tier, zone) group_left sum by (region, tier, zone) (rate(http_requests_total[5m]))',
  'memory_usage_bytes and on (region, tier, zone, pod) (queue_depth > 0)',
  'memory_usage_bytes unless on (pod) (queue_depth > 5)',
  'sum by (region) (memory_usage_bytes) / on (region) group_right sum by (region, tier) (memory_usage_bytes)',
  'histogram_quantile(0.9, sum by (le) (rate(request_duration_seconds_bucket[5m])))',
  'histogram_quantile(0.9, sum by (le, region) (rate(request_duration_seconds_bucket[5m])))',
];

for (const { name, groupLabels, groups } of disjointCases) {
  t.test(`${name} have the results of one VictoriaMetrics`, { skip }, async (t) => {
    const union = await startVictoriaMetricsUnion(t, groups());

    await t.test('expressions with equal results in both languages', async (t) => {
      for (const query of curated) {
        for (const at of times) {
          const { differences } = await union.compare(query, at);
          t.same(differences, [], `${query} at steps of ${at.step ?? 0} s`);
        }
      }
    });

    await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
      let foundCount = 0;
      const expression = arbitraryComparableExpression({ groupLabels, endS: endMs / 1000 });
      const bothTimes = fc.constantFrom(...ranges).map((range) => [atInstant!, range]);
      await checkRandom({ expression, times: bothTimes, numRuns, seed }, async (query, at) => {
        const { differences, found } = await union.compare(query, at);
        if (found) foundCount++;
        return differences.length === 0
          ? []
          : [`${query} at steps of ${at.step ?? 0} s`, ...differences.slice(0, 5)];
      });
      t.comment(`${foundCount} of ${2 * numRuns} with samples`);
      t.ok(foundCount > numRuns, 'most expressions have samples');
    });
  });
}
