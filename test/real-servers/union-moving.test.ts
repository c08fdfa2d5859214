// The union test with groups that no label distinguishes: series move from one to another, at any time, with and without
// stale markers, back and forth, and some are in both for a while. Counters may be reset by a move. The reference has the
// samples that the documented rule merges, which the test computes on its own.
//
// `PROMFED_RUNS=2000 npm test -- test/real-servers/union-moving` evaluates that number of random expressions, divided by
// the layouts. `PROMFED_SEED` changes the expressions and the moves.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { endMs, times } from '../helpers/union/cases.js';
import { curated } from '../helpers/union/curated-expressions.js';
import { checkUnion } from '../helpers/union/check-random.js';
import { movingCases } from '../helpers/union/moving-cases.js';
import { differencesIn, startUnion, type UnionTimes } from '../helpers/union/prometheus-union.js';
import { arbitraryUnionExpression } from '../helpers/union/random-expressions.js';
import { isStable } from '../helpers/union/stable-expressions.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(80);
const seed = randomSeed(4);
const numRuns = Math.ceil(runs / movingCases.length);
const [atInstant, ...ranges] = times;

/** Times between the moves, not aligned with samples. */
const instants = [-1790, -1501.25, -1275, -1003, -750.5, -481, -202.875, -62, -14, 0].map((offset) => ({
  start: 0,
  end: endMs / 1000 + offset,
  step: undefined,
}));

const perSeries = [
  'memory_usage_bytes',
  'passing',
  'http_requests_total offset 90s',
  'timestamp(queue_depth)',
  'absent(passing{pod="pod-0"})',
  'rate(http_requests_total[5m])',
  'rate(http_requests_total[90s])',
  'increase(request_duration_seconds_bucket[10m])',
  'irate(http_requests_total[2m])',
  'resets(http_requests_total[20m])',
  'changes(queue_depth[10m])',
  'count_over_time(odd[7m])',
  'sum_over_time(queue_depth[30m])',
  'count_over_time(sparse[20m])',
  'last_over_time(passing[6m])',
  'absent_over_time(passing{pod="pod-1"}[3m])',
  'max_over_time(memory_usage_bytes[10m:30s])',
  'count_over_time(passing[15m:15s])',
  'sum by (pod) (pod_info)',
];

for (const { name, groupLabels, groups } of movingCases) {
  t.test(`series that move between ${name} have the results of one Prometheus`, { skip }, async (t) => {
    const union = await startUnion(t, groups(seed));

    await t.test('series at every time', async (t) => {
      for (const query of perSeries) {
        for (const at of [...instants, ...ranges]) {
          t.same(differencesIn(await union.compare(query, at)), [], describe(query, at));
        }
      }
    });

    await t.test('expressions of every construct', async (t) => {
      for (const [i, query] of curated.entries()) {
        const at = i % 3 === 0 ? atInstant! : ranges[i % ranges.length]!;
        t.same(differencesIn(await union.compare(query, at)), [], describe(query, at));
      }
    });

    await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
      const expression = arbitraryUnionExpression({ groupLabels, endS: endMs / 1000 }).filter(isStable);
      const bothTimes = fc.tuple(fc.constantFrom(...instants), fc.constantFrom(...ranges));
      await checkUnion(t, union, {
        expression,
        times: bothTimes,
        numRuns,
        seed,
        describe,
        mayDiffer: (text) => isOfPrunedSide(text, groupLabels),
      });
    });
  });
}

/**
 * Reports whether an info may be missing because a side of a join is not computed in a group where the other side has no
 * series. The buckets of one histogram move at different times, so that histogram_quantile repairs many of them.
 */
function isOfPrunedSide(text: string, groupLabels: object): boolean {
  return Object.keys(groupLabels).length > 0 && /^only theirs: .* fixed for monotonicity/.test(text);
}

function describe(query: string, { end, step }: UnionTimes): string {
  return step === undefined
    ? `${query} ${end - endMs / 1000} s from the end`
    : `${query} at steps of ${step} s`;
}
