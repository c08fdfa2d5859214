// The union test with replicas that scrape at different times. The reference has the series of the first replica where
// that has no gaps, and else the samples that the documented rule merges, which the test computes on its own.
//
// `PROMFED_RUNS=2000 npm test -- test/real-servers/union-replicas` evaluates that number of random expressions, divided by
// the layouts. `PROMFED_SEED` changes the expressions, and the offsets, jitter and gaps of the replicas.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { endMs, times } from '../helpers/union/cases.js';
import { curated } from '../helpers/union/curated-expressions.js';
import { checkUnion } from '../helpers/union/check-random.js';
import { differencesIn, startUnion, type UnionTimes } from '../helpers/union/prometheus-union.js';
import { arbitraryUnionExpression } from '../helpers/union/random-expressions.js';
import { replicaCases } from '../helpers/union/replica-cases.js';
import { isStable } from '../helpers/union/stable-expressions.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(60);
const seed = randomSeed(4);
const numRuns = Math.ceil(runs / replicaCases.length);
const [atInstant, ...ranges] = times;
const groupLabels = { region: ['eu', 'us', 'ap'] };

/** In and beside the gaps of the replicas. */
const instants = [-1790, -1275, -1003, -750, -481, -62, 0].map((offset) => ({
  start: 0,
  end: endMs / 1000 + offset,
  step: undefined,
}));

const perSeries = [
  'memory_usage_bytes',
  'passing',
  'timestamp(queue_depth)',
  'rate(http_requests_total[5m])',
  'rate(http_requests_total[90s])',
  'increase(request_duration_seconds_bucket[10m])',
  'resets(http_requests_total[20m])',
  'count_over_time(odd[7m])',
  'sum_over_time(queue_depth[30m])',
  'count_over_time(sparse[20m])',
];

for (const { name, groups } of replicaCases) {
  t.test(`${name}: replicas out of step have the results of one Prometheus`, { skip }, async (t) => {
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
      await checkUnion(t, union, { expression, times: bothTimes, numRuns, seed, describe });
    });
  });
}

function describe(query: string, { end, step }: UnionTimes): string {
  return step === undefined
    ? `${query} ${end - endMs / 1000} s from the end`
    : `${query} at steps of ${step} s`;
}
