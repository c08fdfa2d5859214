// Names that are dropped late: what regions, which drop them at once, may then be asked to do.

import { METRIC_NAME } from '../../../model/index.js';
import { walk, type Expr } from '../../language/index.js';
import { tryText } from '../text.js';

/**
 * When the operations of a query drop the names of series, and whether anything in it would notice the difference:
 * - `at once`: each operation drops them.
 * - `unseen`: they are dropped in the end, and nothing looks at a name; but series of different metrics stay apart.
 * - `seen`: they are dropped in the end, and something looks at a name.
 */
export type NamePolicy = 'at once' | 'unseen' | 'seen';

/** Labels that go with the name. */
const NAMES: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__']);

/** The policy for a query; `delaysNames` with the feature promql-delayed-name-removal. */
export function namePolicyOf(expr: Expr, delaysNames: boolean): NamePolicy {
  if (!delaysNames) return 'at once';
  const looking: Expr[] = [];
  walk(expr, (one) => {
    if (looksAtNames(one)) looking.push(one);
  });
  return looking.length > 0 ? 'seen' : 'unseen';
}

/** Selectors do not count: they look at names that are there yet. */
function looksAtNames(expr: Expr): boolean {
  const isName = (label: string | undefined): boolean => label !== undefined && NAMES.has(label);
  if (expr.kind === 'aggregate') return expr.grouping.some(isName) || isName(tryText(expr.param));
  if (expr.kind === 'call') return expr.func === 'info' || expr.args.some((arg) => isName(tryText(arg)));
  const matching = expr.kind === 'binary' ? expr.matching : undefined;
  return matching !== undefined && [...matching.labels, ...matching.include].some(isName);
}
