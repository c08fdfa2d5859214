// Traversal and rebuilding of expression trees. Durations are not visited.

import type { Expr } from './ast.js';

/** Returns the direct sub-expressions in source order. The child of a matrix selector is its vector selector. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return [];
    case 'matrixSelector':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case 'call':
      return expr.args;
    case 'binary':
      return [expr.lhs, expr.rhs];
  }
}

/**
 * Visits an expression and all its descendants: parents before children, children in source order. Returning
 * `false` from `visit` skips the descendants of that expression. Iterative, so trees may have any depth.
 */
export function walk(expr: Expr, visit: (expr: Expr) => unknown): void {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (visit(next) === false) continue;
    const nested = children(next);
    for (let i = nested.length - 1; i >= 0; i--) pending.push(nested[i]!);
  }
}

/** Returns the expression with `change` applied to each child, or the expression itself when no child changed. */
export function mapChildren(expr: Expr, change: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return expr;
    case 'matrixSelector': {
      const selector = change(expr.selector);
      if (selector === expr.selector || selector.kind !== 'vectorSelector') return expr;
      return { ...expr, selector };
    }
    case 'subquery':
    case 'unary':
    case 'paren': {
      const inner = change(expr.expr);
      return inner === expr.expr ? expr : { ...expr, expr: inner };
    }
    case 'aggregate': {
      const param = expr.param === undefined ? undefined : change(expr.param);
      const inner = change(expr.expr);
      return inner === expr.expr && param === expr.param ? expr : { ...expr, param, expr: inner };
    }
    case 'call': {
      const args = expr.args.map(change);
      return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args };
    }
    case 'binary': {
      const lhs = change(expr.lhs);
      const rhs = change(expr.rhs);
      return lhs === expr.lhs && rhs === expr.rhs ? expr : { ...expr, lhs, rhs };
    }
  }
}
