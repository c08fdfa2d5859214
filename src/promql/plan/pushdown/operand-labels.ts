// Operations that depend on the labels of their operands, which only the answer of a region is corrected for.

import { METRIC_NAME, type Construct } from '../../../model/index.js';
import { SIGNATURES } from '../../functions/index.js';
import { children, isSetOperator, typeOf, type BinaryExpr, type Expr } from '../../language/index.js';
import type { PlannedGroup } from '../pruning/planned-group.js';
import { readsNames } from './delayed-name-removal.js';
import type { LabelRules } from './label-rules.js';

/** Returns the constructs of an operation over operands whose labels a region does not correct before it. */
export function constructsOfOperands(
  expr: Expr,
  rules: LabelRules,
  groups: readonly PlannedGroup[],
): readonly Construct[] {
  const operands = children(expr)
    .filter(hasSeries)
    .map((operand) => rules.of(operand));
  const nameless = operands.filter((rule) => !rule.allows(METRIC_NAME));
  const isUneven = expr.kind === 'binary' && expr.op === 'or' && nameless.length === 1;
  const constructs: Construct[] = [];
  if (isUneven || (nameless.length > 0 && readsNames(expr))) constructs.push('operands without names');
  if (operands.some(({ mayCollide }) => mayCollide) || mixesHistograms(expr, rules)) {
    constructs.push('operands that become equal');
  }
  if (expr.kind === 'binary' && matchesEmpty(expr, rules, groups)) constructs.push('operands without labels');
  return constructs;
}

/** Reports whether the buckets of several metrics may become one histogram without their names. */
function mixesHistograms(expr: Expr, rules: LabelRules): boolean {
  const takesBuckets = expr.kind === 'call' && SIGNATURES.get(expr.func)?.dependsOn === 'buckets';
  return takesBuckets && rules.of(expr).mayCollide;
}

/**
 * Reports whether vectors match by all labels, and a side that may be a series without labels is matched with series that
 * have other labels.
 */
function matchesEmpty(
  { op, lhs, rhs, matching }: BinaryExpr,
  rules: LabelRules,
  groups: readonly PlannedGroup[],
): boolean {
  if (matching === undefined || matching.on || matching.labels.length > 0 || isSetOperator(op)) return false;
  // A group with labels is sent `ignoring` with these.
  if (groups.every(({ labels }) => labels.size > 0)) return false;
  const [left, right] = [rules.of(lhs), rules.of(rhs)].map(({ keeps, names }) =>
    keeps ? JSON.stringify([...names].sort()) : undefined,
  );
  return left !== right;
}

function hasSeries(expr: Expr): boolean {
  const type = typeOf(expr);
  return type === 'vector' || type === 'matrix';
}
