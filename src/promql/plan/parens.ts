// Expressions in parentheses, which change neither a value nor its type.

import type { Expr } from '../language/index.js';

/** Returns the expression within all parentheses around it. */
export function withoutParens(expr: Expr): Expr {
  while (expr.kind === 'paren') expr = expr.expr;
  return expr;
}

/** Returns the value of a string literal, with or without parentheses; undefined for any other expression. */
export function tryText(expr: Expr | undefined): string | undefined {
  const literal = expr && withoutParens(expr);
  return literal?.kind === 'string' ? literal.value : undefined;
}
