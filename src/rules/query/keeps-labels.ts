// Expressions whose series depend on single server groups, even when promfed computes them.

import type { MissingGroup } from '../../model/index.js';
import { BUCKET_LABELS, SIGNATURES } from '../../promql/functions/index.js';
import {
  walk,
  type AggregateExpr,
  type BinaryExpr,
  type CallExpr,
  type Expr,
} from '../../promql/language/index.js';

/**
 * Reports whether each series of the result that does not have the labels of a missing group is independent of it: at
 * every operator a series depends only on series with the same values of these labels. A group without labels may have
 * any series.
 */
export function isIndependentOf(expr: Expr, missing: readonly MissingGroup[]): boolean {
  const names = new Set<string>();
  for (const { labels } of missing) {
    if (labels.names().length === 0) return false;
    for (const name of labels.names()) names.add(name);
  }
  let isIndependent = true;
  walk(expr, (node) => {
    isIndependent &&= keepsLabels(node, names);
    return isIndependent;
  });
  return isIndependent;
}

/** Checks one operator, without its operands. */
function keepsLabels(node: Expr, names: ReadonlySet<string>): boolean {
  switch (node.kind) {
    case 'aggregate':
      return aggregateKeeps(node, names);
    case 'binary':
      return matchingKeeps(node, names);
    case 'call':
      return callKeeps(node, names);
    case 'number':
    case 'string':
    case 'vectorSelector':
    case 'matrixSelector':
    case 'subquery':
    case 'paren':
    case 'unary':
      return true;
  }
}

function aggregateKeeps(
  { op, grouping, without, param }: AggregateExpr,
  names: ReadonlySet<string>,
): boolean {
  if (op === 'count_values' && !isOtherLabel(param, names)) return false;
  return [...names].every((name) => grouping.includes(name) !== without);
}

/** An operation with a scalar keeps all labels. */
function matchingKeeps({ matching }: BinaryExpr, names: ReadonlySet<string>): boolean {
  return matching === undefined || [...names].every((name) => matching.labels.includes(name) === matching.on);
}

function callKeeps({ func, args }: CallExpr, names: ReadonlySet<string>): boolean {
  switch (SIGNATURES.get(func)?.dependsOn ?? 'all') {
    case 'one':
      return true;
    case 'buckets':
      return ![...BUCKET_LABELS].some((name) => names.has(name));
    case 'labels':
      return isOtherLabel(args[1], names);
    case 'all':
      return false;
  }
}

/** Reports whether an expression is the name of a label that is not one of the names. */
function isOtherLabel(expr: Expr | undefined, names: ReadonlySet<string>): boolean {
  return expr?.kind === 'string' && !names.has(expr.value);
}
