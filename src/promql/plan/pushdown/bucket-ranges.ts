// Expressions whose series are buckets of VictoriaMetrics, as their text shows.

import { BUCKET_RANGE, SIGNATURES } from '../../functions/index.js';
import { walk, type AggregateOp, type Expr } from '../../language/index.js';
import { tryText } from '../parens.js';
import { labelRuleOf } from './label-rules.js';

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

/**
 * Reports whether series of buckets that a region ignores may have ranges: the label is not removed, and metrics are read
 * that are named as histograms are.
 */
export function mayHaveBucketRange(expr: Expr): boolean {
  return readsBuckets(expr) && labelRuleOf(expr).allows(BUCKET_RANGE);
}

/** Reports whether an expression reads the series of classic histograms, whose names end in `_bucket`. */
export function readsBuckets(expr: Expr): boolean {
  let found = false;
  walk(expr, (one) => {
    if (one.kind !== 'vectorSelector') return;
    found ||= one.matchers.some(({ value }) => value.endsWith('_bucket'));
  });
  return found;
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
