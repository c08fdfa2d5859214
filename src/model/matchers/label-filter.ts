// Knowledge about the label values of a server group. It saves requests to groups without matching data.

import type { Matcher } from './matcher.js';

/**
 * Knowledge about the series of a group whose label satisfies a matcher.
 *
 * - `matches`: a known value satisfies the matcher.
 * - `excluded`: the group's configuration rules out every value that satisfies it.
 * - `absent`: no value satisfied it when the group's values were last learned.
 * - `unknown`: nothing is known about the label.
 */
export type LabelVerdict = 'matches' | 'excluded' | 'absent' | 'unknown';

/** Knowledge about labels that the group does not set itself. */
export interface LabelFilter {
  /**
   * Returns what is known about series whose label satisfies the matcher.
   *
   * @param matcher a matcher that the empty value does not satisfy: nothing is known about series without the label.
   * @param test the same matcher, compiled.
   */
  judge(matcher: Matcher, test: (value: string) => boolean): LabelVerdict;
}

/**
 * Reports whether any of the values satisfies the matcher.
 *
 * @param test the same matcher, compiled.
 */
export function anyValueMatches(
  values: ReadonlySet<string>,
  { op, value }: Matcher,
  test: (value: string) => boolean,
): boolean {
  if (op === '=') return values.has(value);
  for (const one of values) if (test(one)) return true;
  return false;
}
