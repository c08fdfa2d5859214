// Tables of the operators: precedence, associativity, kind and aggregation parameters.

import type { AggregateOp, ArithmeticOp, BinaryOp, ComparisonOp, SetOp, TrimOp } from './ast.js';

/** The precedence of each binary operator. A higher number binds tighter. */
export const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};

/** The precedence of a sign, equal to that of `*`: `-a ^ b` is `-(a ^ b)`, and `-a * b` is `(-a) * b`. */
export const UNARY_PRECEDENCE = 5;

/** Reports whether `a op b op c` is `a op (b op c)`. */
export function isRightAssociative(op: BinaryOp): boolean {
  return op === '^';
}

/** Reports whether an operator is arithmetic. */
export function isArithmetic(op: BinaryOp): op is ArithmeticOp {
  return PRECEDENCE[op] > PRECEDENCE['=='];
}

/** Reports whether an operator is a comparison. `</` and `>/` are not. */
export function isComparison(op: BinaryOp): op is ComparisonOp {
  return PRECEDENCE[op] === PRECEDENCE['=='] && !isTrim(op);
}

/** Reports whether an operator trims histograms: `</` or `>/`. */
export function isTrim(op: BinaryOp): op is TrimOp {
  return op === '</' || op === '>/';
}

/** Reports whether an operator is a set operator: and, or, unless. */
export function isSetOperator(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless';
}

/** The type of each aggregation's parameter; `undefined` for an aggregation without one. */
export const AGGREGATE_PARAMETERS: Readonly<Record<AggregateOp, 'scalar' | 'string' | undefined>> = {
  sum: undefined,
  avg: undefined,
  count: undefined,
  min: undefined,
  max: undefined,
  group: undefined,
  stddev: undefined,
  stdvar: undefined,
  topk: 'scalar',
  bottomk: 'scalar',
  count_values: 'string',
  quantile: 'scalar',
  limitk: 'scalar',
  limit_ratio: 'scalar',
};

/** Reports whether an aggregation requires the feature promql-experimental-functions. */
export function isExperimentalAggregation(op: AggregateOp): boolean {
  return op === 'limitk' || op === 'limit_ratio';
}
