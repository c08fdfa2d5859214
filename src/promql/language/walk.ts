// Walking and rebuilding trees. Nothing here looks into durations.

import type { Expr } from './ast.js';

/** The direct sub-expressions, in the order they are written; a matrix selector's is its vector selector. */
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
 * Visits an expression and everything below it, parents before their children, children in the order they are
 * written. A visit that returns `false` leaves out what is below that expression. Needs no stack: any depth will do.
 */
export function walk(expr: Expr, visit: (expr: Expr) => unknown): void {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (visit(next) === false) continue;
    const below = children(next);
    for (let i = below.length - 1; i >= 0; i--) pending.push(below[i]!);
  }
}

/** The expression with each child replaced; itself when all stay the same. */
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
