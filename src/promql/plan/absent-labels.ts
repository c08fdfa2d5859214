// The labels that absent() gives to what it returns.

import { compileMatcher, Labels, METRIC_NAME, type Matcher } from '../../model/index.js';
import type { Expr } from '../language/index.js';

/**
 * The labels of an absent vector: the values of the `=` matchers of its argument, when that is a selector; names
 * that are matched more than once, and the metric name, are left out.
 *
 * Of two matchers on a name it matters which comes first, and what only takes series away comes last: Prometheus' storage
 * puts them in that order.
 *
 * Source: Prometheus, promql/functions.go (`createLabelsForAbsentFunction`), tsdb/querier.go (`PostingsForMatchers`).
 */
export function absentLabels(arg: Expr): Labels {
  while (arg.kind === 'paren') arg = arg.expr;
  const selector =
    arg.kind === 'vectorSelector' ? arg : arg.kind === 'matrixSelector' ? arg.selector : undefined;
  if (selector === undefined) return Labels.EMPTY;
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, op, value } of inOrder(selector.matchers)) {
    if (name === METRIC_NAME) continue;
    if (op === '=' && !seen.has(name)) {
      seen.add(name);
      values.set(name, value);
    } else {
      values.delete(name);
    }
  }
  return Labels.of(values);
}

function inOrder(matchers: readonly Matcher[]): readonly Matcher[] {
  const takesAway = (matcher: Matcher): boolean => matcher.op.startsWith('!') && compileMatcher(matcher)('');
  return [...matchers.filter((matcher) => !takesAway(matcher)), ...matchers.filter(takesAway)];
}
