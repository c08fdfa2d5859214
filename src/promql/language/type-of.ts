// The value type of a type-checked expression.

import type { ValueType } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import type { Expr } from './ast.js';

/**
 * Returns the type of an expression's value. The expression must have passed `checkTypes`; a call of an unknown
 * function counts as a vector.
 */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'vectorSelector':
    case 'aggregate':
      return 'vector';
    case 'matrixSelector':
    case 'subquery':
      return 'matrix';
    case 'call':
      return SIGNATURES.get(expr.func)?.returns ?? 'vector';
    case 'binary':
      return isScalar(expr) ? 'scalar' : 'vector';
    case 'unary':
    case 'paren': {
      let inner: Expr = expr;
      while (inner.kind === 'unary' || inner.kind === 'paren') inner = inner.expr;
      return typeOf(inner);
    }
  }
}

/** Reports whether all operands of a chain of operators are scalars. Iterative, because chains have any length. */
function isScalar(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'unary' || next.kind === 'paren') pending.push(next.expr);
    else if (next.kind === 'binary') pending.push(next.lhs, next.rhs);
    else if (typeOf(next) !== 'scalar') return false;
  }
  return true;
}
