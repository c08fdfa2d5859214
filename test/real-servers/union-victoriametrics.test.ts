// The union test with VictoriaMetrics: regions of it, and one that holds what they hold together. What is sent to the
// regions follows its rules on both sides: rates without extrapolation, a lookback of each series' own. What promfed
// computes follows PromQL, so that only what the two languages agree on is asked (see comparable-expressions.ts); metric names
// do not count, because functions of VictoriaMetrics keep some that PromQL drops.
//
// `PROMFED_RUNS` and `PROMFED_SEED` are those of union.test.ts.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { cases, endMs, times } from '../helpers/union/cases.js';
import { arbitraryComparableExpression } from '../helpers/union/comparable-expressions.js';
import { startVictoriaMetricsUnion } from '../helpers/union/victoriametrics-union.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(300);
const seed = randomSeed(4);
// Neither replicas nor groups that overlap: what merges them is promfed, whatever the regions are.
const apart = cases.filter(
  ({ groupLabels, groups }) =>
    Object.keys(groupLabels).length > 0 && groups().every(({ targets }) => targets.length === 1),
);
const numRuns = Math.ceil(runs / apart.length);
const [atInstant, ...ranges] = times;

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

for (const { name, groupLabels, groups } of apart) {
  t.test(`${name} answer as one VictoriaMetrics`, { skip }, async (t) => {
    const union = await startVictoriaMetricsUnion(t, groups());

    await t.test('expressions that the languages agree on', async (t) => {
      for (const query of curated) {
        for (const at of times) {
          const { differences } = await union.ask(query, at);
          t.same(differences, [], `${query} at steps of ${at.step ?? 0} s`);
        }
      }
    });

    await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
      let found = 0;
      const names = { groupLabels, endS: endMs / 1000 };
      await fc.assert(
        fc.asyncProperty(
          arbitraryComparableExpression(names),
          fc.constantFrom(...ranges),
          async (query, range) => {
            for (const at of [atInstant!, range]) {
              const outcome = await union.ask(query, at);
              if (outcome.found) found++;
              const lines = outcome.differences.slice(0, 5);
              if (lines.length > 0) {
                throw new Error([`${query} at steps of ${at.step ?? 0} s`, ...lines].join('\n'));
              }
            }
          },
        ),
        { numRuns, seed },
      );
      t.comment(`${found} of ${2 * numRuns} with samples`);
      t.ok(found > numRuns, 'most expressions find something');
    });
  });
}
