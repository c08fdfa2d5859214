// Text that stands in an expression as a constant.

import type { Expr } from '../language/index.js';

/** The value of a string literal, in parentheses or not; undefined for anything else. */
export function tryText(expr: Expr | undefined): string | undefined {
  while (expr?.kind === 'paren') expr = expr.expr;
  return expr?.kind === 'string' ? expr.value : undefined;
}
