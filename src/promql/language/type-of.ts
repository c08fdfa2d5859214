// The value type of a type-checked expression.

import { appendAll, type ValueType } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import type { Expr } from './ast.js';
import { children } from './walk.js';

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
    case 'binary': {
      const type = known.get(expr) ?? (isScalar(expr) ? 'scalar' : 'vector');
      known.set(expr, type);
      return type;
    }
    case 'unary':
    case 'paren': {
      let inner: Expr = expr;
      while ((inner.kind === 'unary' || inner.kind === 'paren') && !known.has(inner)) inner = inner.expr;
      const type = known.get(inner) ?? typeOf(inner);
      known.set(expr, type);
      return type;
    }
  }
}

/** The types so far of operators and parentheses. Planning requests the type at every level of a deep expression. */
const known = new WeakMap<Expr, ValueType>();

/** Reports whether all operands of a chain of operators are scalars. Iterative, because chains have any length. */
function isScalar(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const isChain = next.kind === 'binary' || next.kind === 'unary' || next.kind === 'paren';
    if (isChain && !known.has(next)) appendAll(pending, children(next));
    else if (typeOf(next) !== 'scalar') return false;
  }
  return true;
}
