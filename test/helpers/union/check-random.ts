// Random expressions at several times, each compared with a reference. A failure is reduced to a small expression.

import fc from 'fast-check';

import type { UnionTimes } from './prometheus-union.js';

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
