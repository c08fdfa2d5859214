// Constant text in expressions.

import type { Expr } from '../language/index.js';

/** The value of a string literal, with or without parentheses; undefined for any other expression. */
export function tryText(expr: Expr | undefined): string | undefined {
  while (expr?.kind === 'paren') expr = expr.expr;
  return expr?.kind === 'string' ? expr.value : undefined;
}
