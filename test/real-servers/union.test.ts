// The union test: regions of real Prometheus, and one real Prometheus that holds what they hold together. Whatever is
// asked, promfed answers as the one does, whether it sends a query to the regions or evaluates raw samples itself.
//
// `PROMFED_RUNS=2000 npm test -- test/real-servers/union.test` asks that many random expressions, shared by the
// layouts of regions; `PROMFED_SEED` gives others than the same ones each time. What fails is printed as small as it
// can be made.

import fc from 'fast-check';
import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { cases, endMs, times } from '../helpers/union/cases.js';
import { curated } from '../helpers/union/curated-expressions.js';
import { arbitraryUnionExpression } from '../helpers/union/random-expressions.js';
import { startUnion, type UnionOutcome, type UnionTimes } from '../helpers/union/prometheus-union.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const skip = withoutRealServers();
const runs = randomRuns(300);
const seed = randomSeed(4);
const numRuns = Math.ceil(runs / cases.length);
const [atInstant, ...ranges] = times;

for (const { name, groupLabels, groups } of cases) {
  t.test(`${name} answer as one Prometheus`, { skip }, async (t) => {
    const union = await startUnion(t, groups());

    await t.test('expressions of every construct', async (t) => {
      for (const [i, query] of curated.entries()) {
        const both = [atInstant!, ranges[i % ranges.length]!];
        const outcomes = await Promise.all(both.map((at) => union.ask(query, at)));
        for (const [j, outcome] of outcomes.entries()) {
          t.same(differencesIn(outcome), [], spoken(query, both[j]!));
        }
      }
    });

    await t.test(`${numRuns} random expressions of seed ${seed}`, async (t) => {
      const seen = { samples: 0, nothing: 0, error: 0 };
      const annotated: string[] = [];
      const expression = arbitraryUnionExpression({ groupLabels, endS: endMs / 1000 });
      await fc.assert(
        fc.asyncProperty(expression, fc.constantFrom(...ranges), async (query, range) => {
          for (const at of [atInstant!, range]) {
            const outcome = await union.ask(query, at);
            count(seen, outcome);
            annotated.push(...outcome.annotations.map((text) => `${spoken(query, at)}: ${text}`));
            const found = differencesIn(outcome);
            if (found.length > 0) throw new Error([spoken(query, at), ...found].join('\n'));
          }
        }),
        { numRuns, seed },
      );
      t.comment(`${seen.samples} with samples, ${seen.nothing} with none, ${seen.error} errors`);
      t.ok(seen.samples > numRuns, 'most expressions find something');
      t.ok(seen.error > 0, 'some are errors');
      t.same(annotated, [], 'warnings and infos are the same, but for their places');
    });
  });
}

/** The first of them. */
function differencesIn({ distributed, evaluated }: UnionOutcome): string[] {
  return [
    ...distributed.slice(0, 5).map((line) => `distributed: ${line}`),
    ...evaluated.slice(0, 5).map((line) => `from raw samples: ${line}`),
  ];
}

function count(seen: Record<UnionOutcome['kind'], number>, { kind }: UnionOutcome): void {
  seen[kind]++;
}

function spoken(query: string, { step }: UnionTimes): string {
  return step === undefined ? `${query} at an instant` : `${query} at steps of ${step} s`;
}
