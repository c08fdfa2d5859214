// The labels of the results of absent() and absent_over_time().

import { compileMatcher, Labels, METRIC_NAME, type Matcher } from '../../model/index.js';
import type { Expr } from '../language/index.js';
import { withoutParens } from './parens.js';

/**
 * Returns the labels that the `=` matchers of a selector fix. Other expressions, the metric name and labels that are
 * matched more than once give none.
 *
 * The order of two matchers on a label matters. Prometheus' storage moves the matchers that only exclude series to the
 * end.
 *
 * Source: Prometheus, promql/functions.go (`createLabelsForAbsentFunction`), tsdb/querier.go (`PostingsForMatchers`).
 */
export function absentLabels(arg: Expr): Labels {
  const inner = withoutParens(arg);
  const selector =
    inner.kind === 'vectorSelector' ? inner : inner.kind === 'matrixSelector' ? inner.selector : undefined;
  if (selector === undefined) return Labels.EMPTY;
  const values = new Map<string, string>();
  const matched = new Set<string>();
  for (const { name, op, value } of inStorageOrder(selector.matchers)) {
    if (name === METRIC_NAME) continue;
    if (op === '=' && !matched.has(name)) {
      matched.add(name);
      values.set(name, value);
    } else {
      values.delete(name);
    }
  }
  return Labels.of(values);
}

function inStorageOrder(matchers: readonly Matcher[]): readonly Matcher[] {
  const onlyExcludes = (matcher: Matcher): boolean =>
    matcher.op.startsWith('!') && compileMatcher(matcher)('');
  return [...matchers.filter((matcher) => !onlyExcludes(matcher)), ...matchers.filter(onlyExcludes)];
}
