// The union test: promfed over regions of real Prometheus has the results of one real Prometheus with the union of their
// data, with pushdown and from raw samples.
//
// `PROMFED_RUNS=2000 npm test -- test/real-servers/union.test` evaluates that number of random expressions, divided by the
// layouts of regions. `PROMFED_SEED` changes the expressions. Failures are reduced to small expressions.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { cases, endMs, times } from '../helpers/union/cases.js';
import { curated } from '../helpers/union/curated-expressions.js';
import { arbitraryUnionExpression } from '../helpers/union/random-expressions.js';
import { checkUnion } from '../helpers/union/check-random.js';
import { differencesIn, startUnion, type UnionTimes } from '../helpers/union/prometheus-union.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(300);
const seed = randomSeed(4);
const numRuns = Math.ceil(runs / cases.length);
const [atInstant, ...ranges] = times;

for (const { name, groupLabels, groups, remoteRead } of cases) {
  t.test(`${name} have the results of one Prometheus`, { skip }, async (t) => {
    const union = await startUnion(t, groups(), remoteRead);

    await t.test('expressions of every construct', async (t) => {
      for (const [i, query] of curated.entries()) {
        const both = [atInstant!, ranges[i % ranges.length]!];
        const outcomes = await Promise.all(both.map((at) => union.compare(query, at)));
        for (const [j, outcome] of outcomes.entries()) {
          t.same(differencesIn(outcome), [], describe(query, both[j]!));
        }
      }
    });

    await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
      const expression = arbitraryUnionExpression({ groupLabels, endS: endMs / 1000 });
      const bothTimes = fc.constantFrom(...ranges).map((range) => [atInstant!, range]);
      const errors = await checkUnion(t, union, { expression, times: bothTimes, numRuns, seed, describe });
      t.ok(errors > 0, 'some expressions fail');
    });
  });
}

function describe(query: string, { step }: UnionTimes): string {
  return step === undefined ? `${query} at an instant` : `${query} at steps of ${step} s`;
}
