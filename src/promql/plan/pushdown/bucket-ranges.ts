// Expressions whose series are buckets of VictoriaMetrics, as their text shows.

import { BUCKET_RANGE, SIGNATURES } from '../../functions/index.js';
import { walk, type AggregateOp, type Expr } from '../../language/index.js';
import { tryText } from '../parens.js';

/** Aggregations whose result is some of the series of their input, with all labels. */
const SELECTING: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

/**
 * Reports whether an expression names the label of ranges, in a grouping, a matcher or a label function, and its series
 * may have it. The series of `rate(x_bucket[5m])` may have the label as well, but its text does not show it.
 */
export function namesBucketRange(expr: Expr): boolean {
  let isNamed = false;
  walk(expr, (one) => {
    isNamed ||= namesIt(one);
    return !isNamed && keepsIt(one);
  });
  return isNamed;
}

/** Reports whether an expression itself names the label, without its operands. */
function namesIt(expr: Expr): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.matchers.some(
        ({ name, op, value }) => name === BUCKET_RANGE && !(op === '=' && value === ''),
      );
    case 'aggregate':
      return !expr.without && expr.grouping.includes(BUCKET_RANGE);
    case 'call':
      return SIGNATURES.get(expr.func)?.dependsOn === 'labels' && tryText(expr.args[1]) === BUCKET_RANGE;
    case 'binary':
      return expr.matching?.include.includes(BUCKET_RANGE) === true;
    case 'number':
    case 'string':
    case 'matrixSelector':
    case 'subquery':
    case 'paren':
    case 'unary':
      return false;
  }
}

/** Reports whether the series of an expression can have the label of those of its operands. */
function keepsIt(expr: Expr): boolean {
  if (expr.kind === 'call') return SIGNATURES.get(expr.func)?.dependsOn !== 'buckets';
  if (expr.kind !== 'aggregate' || SELECTING.has(expr.op)) return true;
  return expr.without && !expr.grouping.includes(BUCKET_RANGE);
}
