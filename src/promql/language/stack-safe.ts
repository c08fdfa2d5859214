// Stack-safe recursion on expressions of any depth, for example ten thousand nested parentheses.

import type { Expr } from './ast.js';
import { children, mapChildren } from './walk.js';

/** Maximum number of levels that a recursive function descends on one stack, whatever the size of its frames. */
const MAX_RECURSION_LEVELS = 200;

/**
 * Makes a recursive function of an expression safe for any depth. `compute` receives an expression and `recurse`,
 * which it calls for the sub-expressions. Shallow trees use plain recursion. In deeper trees some sub-expressions are
 * computed first, so `compute` must depend on its expression only. It runs once for each expression.
 */
export function stackSafe<T>(compute: (expr: Expr, recurse: (expr: Expr) => T) => T): (expr: Expr) => T {
  return (root) => {
    const results = new Map<Expr, T>();
    const recurse = (expr: Expr): T => (results.has(expr) ? results.get(expr)! : compute(expr, recurse));
    for (const expr of recursionCheckpoints(root)) results.set(expr, compute(expr, recurse));
    return recurse(root);
  };
}

/**
 * Rebuilds a tree from the leaves up. `change` receives each expression with its children already replaced and
 * returns the replacement, or its argument for no change. Nothing is mutated; unchanged subtrees are shared.
 *
 * `change` must return a vector selector for the selector of a matrix selector. Types are not checked again.
 *
 * @public
 */
export function mapExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return stackSafe<Expr>((node, recurse) => change(mapChildren(node, recurse)))(expr);
}

/**
 * Returns the expressions within `root` whose results a recursive function must compute in advance to keep its stack
 * short: with the results of all earlier checkpoints it descends a bounded number of levels. Descendants come before
 * their ancestors. A shallow tree has no checkpoints, unless it is large.
 *
 * @param maxNodes number of nodes between checkpoints from which on there is another one. Default: depth alone counts.
 */
export function recursionCheckpoints(root: Expr, maxNodes = Infinity): readonly Expr[] {
  const checkpoints: Expr[] = [];
  const pending: Frame[] = [createFrame(root)];
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const child = top.children[top.next++];
    if (child !== undefined) {
      pending.push(createFrame(child));
      continue;
    }
    pending.pop();
    if (top.height >= MAX_RECURSION_LEVELS || top.nodes >= maxNodes) {
      checkpoints.push(top.expr);
      top.height = 0;
      top.nodes = 0;
    }
    const parent = pending.at(-1);
    if (parent === undefined) continue;
    parent.height = Math.max(parent.height, top.height + 1);
    parent.nodes += top.nodes;
  }
  return checkpoints;
}

interface Frame {
  readonly expr: Expr;
  readonly children: readonly Expr[];
  /** Index of the next child to visit. */
  next: number;
  /** Levels below the expression, down to the nearest checkpoint. */
  height: number;
  /** Number of nodes of the expression without those within checkpoints below it. */
  nodes: number;
}

function createFrame(expr: Expr): Frame {
  return { expr, children: children(expr), next: 0, height: 0, nodes: 1 };
}
