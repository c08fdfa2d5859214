// What is known of the label values of a server group's series, so that it need not be asked for others.

import type { Matcher } from './matcher.js';

/**
 * - `has`: a value is known that satisfies the matcher.
 * - `never`: by its configuration the group has none.
 * - `unseen`: the group had none when it was last asked for its values.
 * - `unknown`: nothing is known of it.
 */
export type LabelVerdict = 'has' | 'never' | 'unseen' | 'unknown';

/** Of labels that the group does not set itself. */
export interface LabelFilter {
  /**
   * What is known of series whose label satisfies the matcher.
   *
   * @param matcher one that the empty value does not satisfy: of series without the label nothing is ever known.
   * @param test the same matcher, compiled.
   */
  judge(matcher: Matcher, test: (value: string) => boolean): LabelVerdict;
}

/** Whether one of the values satisfies the matcher. */
export function anyPasses(
  values: ReadonlySet<string>,
  { op, value }: Matcher,
  test: (value: string) => boolean,
): boolean {
  if (op === '=') return values.has(value);
  for (const one of values) if (test(one)) return true;
  return false;
}
