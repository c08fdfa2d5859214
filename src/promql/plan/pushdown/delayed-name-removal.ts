// Delayed name removal: what regions, which drop names immediately, may compute of a query that drops them at the end.

import { METADATA_LABELS } from '../../../model/index.js';
import { walk, type Expr } from '../../language/index.js';
import { tryText } from '../parens.js';

/**
 * When a query drops the names of series, and whether the difference can be observed:
 * - `immediate`: each operation drops them.
 * - `unobservable`: the query drops them at the end and does not read names, but series of different metrics stay apart.
 * - `observable`: the query drops them at the end, and an operation reads names.
 */
export type NameRemoval = 'immediate' | 'unobservable' | 'observable';

/** @param delaysNames Prometheus' feature promql-delayed-name-removal. */
export function nameRemovalOf(expr: Expr, delaysNames: boolean): NameRemoval {
  if (!delaysNames) return 'immediate';
  const readers: Expr[] = [];
  walk(expr, (one) => {
    if (readsNames(one)) readers.push(one);
  });
  return readers.length > 0 ? 'observable' : 'unobservable';
}

/** Reports whether an operation reads or writes names. Selectors do, but before names are dropped. */
export function readsNames(expr: Expr): boolean {
  const isName = (label: string | undefined): boolean => label !== undefined && METADATA_LABELS.has(label);
  if (expr.kind === 'aggregate') return expr.grouping.some(isName) || isName(tryText(expr.param));
  if (expr.kind === 'call') return expr.func === 'info' || expr.args.some((arg) => isName(tryText(arg)));
  const matching = expr.kind === 'binary' ? expr.matching : undefined;
  return matching !== undefined && [...matching.labels, ...matching.include].some(isName);
}
