// Random expressions at several times, each compared with a reference. A failure is reduced to a small expression.

import fc from 'fast-check';

import { differencesIn, type Union, type UnionTimes } from './prometheus-union.js';

export interface RandomExpressions {
  readonly expression: fc.Arbitrary<string>;
  /** The times of each expression. */
  readonly times: fc.Arbitrary<readonly UnionTimes[]>;
  readonly numRuns: number;
  readonly seed: number;
}

/**
 * Compares expressions one after the other.
 *
 * @param differencesOf returns the differences from the reference, a line each.
 * @throws Error with the smallest expression that has differences.
 */
export async function checkRandom(
  { expression, times, numRuns, seed }: RandomExpressions,
  differencesOf: (query: string, at: UnionTimes) => Promise<readonly string[]>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(expression, times, async (query, allTimes) => {
      for (const at of allTimes) {
        const differences = await differencesOf(query, at);
        if (differences.length > 0) throw new Error(differences.join('\n'));
      }
    }),
    { numRuns, seed },
  );
}

/** The assertions of a test. */
interface Assertions {
  comment(text: string): void;
  ok(value: unknown, text: string): void;
  same(actual: unknown, expected: unknown, text: string): void;
}

export interface UnionCheck extends RandomExpressions {
  /** Names a query in failures. */
  readonly describe: (query: string, at: UnionTimes) => string;
  /** Reports whether an annotation may differ. Default: none may. */
  readonly mayDiffer?: (annotation: string) => boolean;
}

/**
 * Compares random expressions over a union with its reference: results, errors and annotations. Most expressions must have
 * samples.
 *
 * @returns the number of queries that failed in the reference.
 */
export async function checkUnion(
  t: Assertions,
  union: Union,
  { describe, mayDiffer = () => false, ...random }: UnionCheck,
): Promise<number> {
  const counts = { samples: 0, nothing: 0, error: 0 };
  const annotated: string[] = [];
  await checkRandom(random, async (query, at) => {
    const outcome = await union.compare(query, at);
    counts[outcome.kind]++;
    const annotations = outcome.annotations.filter((text) => !mayDiffer(text));
    annotated.push(...annotations.map((text) => `${describe(query, at)}: ${text}`));
    const differences = differencesIn(outcome);
    return differences.length === 0 ? [] : [describe(query, at), ...differences];
  });
  t.comment(`${counts.samples} with samples, ${counts.nothing} with none, ${counts.error} errors`);
  t.ok(counts.samples > random.numRuns, 'most expressions have samples');
  t.same(annotated, [], 'warnings and infos are equal, except for positions');
  return counts.error;
}
