// Expressions that missing series can make true.

import { isComparison, walk, type Expr } from '../../promql/language/index.js';

/** Functions that return a sample because series are missing. */
const ABSENCE_FUNCTIONS: ReadonlySet<string> = new Set(['absent', 'absent_over_time']);
/** Aggregations that do not grow when the series of a server group are missing, for values that are not negative. */
const GROWING: ReadonlySet<string> = new Set(['sum', 'count', 'max', 'group']);
/** Aggregations that return other series when the series of a server group are missing. */
const SELECTIVE: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

/**
 * Reports whether an expression may return more or other series when the series of a server group are missing: `absent`,
 * `unless`, `or`, `topk`, `count_values` of aggregated values, and comparisons of aggregated values other than "greater than"
 * of a sum, a count or a maximum with a number.
 */
export function dependsOnAbsence(expr: Expr): boolean {
  let depends = false;
  walk(expr, (node) => {
    if (node.kind === 'call' && ABSENCE_FUNCTIONS.has(node.func)) depends = true;
    if (node.kind === 'aggregate') {
      const labelsValues = node.op === 'count_values' && hasAggregation(node.expr);
      if (SELECTIVE.has(node.op) || labelsValues) depends = true;
    }
    if (node.kind !== 'binary') return;
    if (node.op === 'unless' || node.op === 'or') depends = true;
    if (isComparison(node.op) && !isSafeComparison(node.op, node.lhs, node.rhs)) depends = true;
  });
  return depends;
}

function isSafeComparison(op: string, lhs: Expr, rhs: Expr): boolean {
  if (!hasAggregation(lhs) && !hasAggregation(rhs)) return true;
  const [larger, smaller] = op.startsWith('>') ? [lhs, rhs] : [rhs, lhs];
  return /^[<>]=?$/.test(op) && grows(larger) && isNumber(smaller);
}

function hasAggregation(expr: Expr): boolean {
  let found = false;
  walk(expr, (node) => {
    // A scalar exists for exactly one series.
    if (node.kind === 'aggregate' || (node.kind === 'call' && node.func === 'scalar')) found = true;
  });
  return found;
}

function grows(expr: Expr): boolean {
  if (expr.kind === 'paren') return grows(expr.expr);
  return expr.kind === 'aggregate' && GROWING.has(expr.op) && !hasAggregation(expr.expr);
}

function isNumber(expr: Expr): boolean {
  if (expr.kind === 'paren' || expr.kind === 'unary') return isNumber(expr.expr);
  return expr.kind === 'number';
}
