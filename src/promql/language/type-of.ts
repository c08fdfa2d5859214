// The type of an expression's value, for expressions that have been checked.

import type { ValueType } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import type { Expr } from './ast.js';

/** The type that an expression evaluates to. An unknown function, which no checked expression has, is a vector. */
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
      return typeOf(expr.rhs) === 'scalar' && typeOf(expr.lhs) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(expr.expr);
  }
}
