// Recursion on trees of any depth: a query of ten thousand parentheses is as good as any.

import type { Expr } from './ast.js';
import { children, mapChildren } from './walk.js';

/** So many levels a recursive function goes down on one stack at most; few enough whatever its frames hold. */
const LEVELS_AT_ONCE = 200;

/**
 * Makes a recursive function of an expression safe for any depth. `compute` is given an expression, and `again`,
 * which it calls for what is below. On a tree of few levels that is plain recursion. A deeper one is computed from the
 * leaves up, so that `compute` is asked of some expressions before the one above them asks: it must depend on nothing
 * but its expression. It runs once for each expression; takes time linear in the tree where `compute` does.
 */
export function stackSafe<T>(compute: (expr: Expr, again: (expr: Expr) => T) => T): (expr: Expr) => T {
  return (root) => {
    const known = new Map<Expr, T>();
    const again = (expr: Expr): T => (known.has(expr) ? known.get(expr)! : compute(expr, again));
    for (const expr of recursionCheckpoints(root)) known.set(expr, compute(expr, again));
    return again(root);
  };
}

/**
 * Rebuilds a tree from its leaves up: `change` is given each expression with its children already replaced, and
 * returns what stands in its place (itself for no change). Nothing is mutated; what did not change is shared.
 *
 * `change` must return a vector selector for the selector of a matrix selector. Types are not checked again.
 */
export function mapExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return stackSafe<Expr>((one, again) => change(mapChildren(one, again)))(expr);
}

/**
 * The expressions below `root` at which a recursion has to be interrupted so that it stays on its stack: whoever knows
 * the results of all that came before goes down few levels only. The lower ones come first; a shallow tree has none.
 */
export function recursionCheckpoints(root: Expr): readonly Expr[] {
  const found: Expr[] = [];
  const pending: Frame[] = [{ expr: root, below: children(root), next: 0, height: 0 }];
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const child = top.below[top.next++];
    if (child !== undefined) {
      pending.push({ expr: child, below: children(child), next: 0, height: 0 });
      continue;
    }
    pending.pop();
    if (top.height >= LEVELS_AT_ONCE) {
      found.push(top.expr);
      top.height = 0;
    }
    const above = pending.at(-1);
    if (above !== undefined) above.height = Math.max(above.height, top.height + 1);
  }
  return found;
}

/** `height` counts the levels below the expression, down to the next resting place. */
interface Frame {
  readonly expr: Expr;
  readonly below: readonly Expr[];
  next: number;
  height: number;
}
