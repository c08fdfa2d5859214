// The operators: how tightly each binds, and which kind it is.

import type { AggregateOp, BinaryOp } from './ast.js';

/** How tightly each binary operator binds; a higher number binds tighter. */
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

/** A sign binds as `*` does: `-a ^ b` is `-(a ^ b)`, and `-a * b` is `(-a) * b`. */
export const UNARY_PRECEDENCE = 5;

/** Whether `a op b op c` is `a op (b op c)`. */
export function isRightAssociative(op: BinaryOp): boolean {
  return op === '^';
}

/** Whether the operator filters, or with `bool` gives 0 or 1. `</` and `>/` cut histograms: they are none of these. */
export function isComparison(op: BinaryOp): boolean {
  return PRECEDENCE[op] === 3 && op !== '</' && op !== '>/';
}

/** Whether the operator works on sets of series: and, or, unless. */
export function isSetOperator(op: BinaryOp): boolean {
  return op === 'and' || op === 'or' || op === 'unless';
}

/** What an aggregation takes before its vector, or `undefined` when it takes nothing. */
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

/** Whether an aggregation needs the feature promql-experimental-functions. */
export function isExperimentalAggregation(op: AggregateOp): boolean {
  return op === 'limitk' || op === 'limit_ratio';
}
