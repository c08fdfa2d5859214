// The selectors of an expression, by the times of the samples that they read.

import type { Expr, VectorSelector } from './ast.js';
import { children } from './walk.js';

export interface SelectorsByTime {
  /** Instant selectors without offset and `@`, outside of subqueries: at each step they read the samples of that step. */
  readonly current: readonly VectorSelector[];
  /** All other selectors. */
  readonly others: readonly VectorSelector[];
}

/** Returns the selectors of an expression in no particular order. */
export function selectorsByTime(expr: Expr): SelectorsByTime {
  const current: VectorSelector[] = [];
  const others: VectorSelector[] = [];
  const pending = [{ expr, isMoved: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { expr: one, isMoved } = next;
    if (one.kind === 'vectorSelector') {
      const isCurrent =
        !isMoved && one.offset === undefined && one.at === undefined && one.extension === undefined;
      (isCurrent ? current : others).push(one);
      continue;
    }
    const movesBelow = isMoved || one.kind === 'matrixSelector' || one.kind === 'subquery';
    for (const [i, child] of children(one).entries()) {
      // The second argument of info() selects the series that enrich the first one, not series of a result.
      const isChoice = one.kind === 'call' && one.func === 'info' && i > 0;
      pending.push({ expr: child, isMoved: movesBelow || isChoice });
    }
  }
  return { current, others };
}
