// What is known of the label values of a server group's series, so that it need not be asked for others.

import type { Matcher } from './matcher.js';

/**
 * - `has`: a value is known that satisfies the matcher.
 * - `never`: by its configuration the group has none.
 * - `unseen`: the group had none when it was last asked for its values.
 * - `unknown`: nothing is known of it.
 */
export type LabelVerdict = 'has' | 'never' | 'unseen' | 'unknown';

/** Told apart from the labels that the group sets itself, of which everything is known. */
export interface LabelFilter {
  /**
   * What is known of series whose label satisfies the matcher.
   *
   * @param matcher one that the empty value does not satisfy: of series without the label nothing is ever known.
   * @param test the same matcher, compiled.
   */
  judge(matcher: Matcher, test: (value: string) => boolean): LabelVerdict;
}

/** Values by label; a label that is not there is not filtered. */
export type LabelValues = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The filter that a configuration declares. A label of `include` has these values and no others, less those of
 * `exclude`. An exclusion of a label that is not included says nothing.
 *
 * Source: promxy, pkg/promclient/labelfilter.go (`Sync`, `FilterLabelMatchers`), but for matchers that the empty value
 * satisfies, which promxy takes for unsatisfiable.
 */
export function createStaticFilter(include: LabelValues, exclude: LabelValues): LabelFilter {
  const left = new Map<string, ReadonlySet<string>>();
  for (const [label, values] of include) {
    const without = exclude.get(label);
    left.set(label, without === undefined ? values : new Set([...values].filter((one) => !without.has(one))));
  }
  return {
    judge(matcher, test) {
      const values = left.get(matcher.name);
      if (values === undefined) return 'unknown';
      return anyPasses(values, matcher, test) ? 'has' : 'never';
    },
  };
}

/** Whether one of the values satisfies the matcher. */
function anyPasses(
  values: ReadonlySet<string>,
  { op, value }: Matcher,
  test: (value: string) => boolean,
): boolean {
  if (op === '=') return values.has(value);
  for (const one of values) if (test(one)) return true;
  return false;
}
