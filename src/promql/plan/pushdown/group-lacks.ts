// Constructs that a group cannot be sent, because a product that it runs lacks them or evaluates them differently.

import {
  hasClosedRanges,
  hasClosedSubqueries,
  isListed,
  lackOf,
  type Construct,
  type Product,
} from '../../../model/index.js';
import { SIGNATURES } from '../../functions/index.js';
import {
  isPlainLabelName,
  type AggregateExpr,
  type BinaryExpr,
  type CallExpr,
  type Expr,
  type SubqueryExpr,
  type VectorSelector,
} from '../../language/index.js';
import { tryText, withoutParens } from '../parens.js';
import type { PlannedGroup } from '../pruning/planned-group.js';
import { shiftOf, type PlanTimes } from '../times.js';
import { namesBucketRange, readsBuckets } from './bucket-ranges.js';
import { computed, type Computed } from './pushdown-verdict.js';

/** Functions that extrapolate to the ends of a range. */
const EXTRAPOLATING: ReadonlySet<string> = new Set(['rate', 'increase', 'delta']);

/** Returns the verdict when one of the groups cannot be sent one of the constructs; else undefined. */
export function lackVerdict(
  groups: readonly PlannedGroup[],
  constructs: readonly Construct[],
): Computed | undefined {
  const listed = constructs.filter(isListed);
  if (listed.length === 0) return undefined;
  for (const group of groups) {
    for (const product of group.products ?? []) {
      for (const construct of listed) {
        const lack = lackOf(product, construct);
        if (lack === undefined || (lack.isDifference && group.native === true)) continue;
        return computed({ kind: 'product', group, product, lack: lack.text });
      }
    }
  }
  return undefined;
}

/** The constructs of a selector or a subquery itself, without those of its operand. */
export function constructsOfSelection(
  expr: VectorSelector | SubqueryExpr,
  times: PlanTimes,
): readonly Construct[] {
  const names = expr.kind === 'vectorSelector' ? expr.matchers.map(({ name }) => name) : [];
  const quoted = quotedNames(names);
  if (expr.offset === undefined && expr.at === undefined) return quoted;
  const { offsetMs, atMs } = shiftOf(expr, times);
  return [
    ...quoted,
    ...(offsetMs < 0 ? ['negative offsets'] : []),
    ...(atMs === undefined ? [] : ['the @ modifier']),
  ];
}

/** The constructs of a call, without those of its arguments. */
export function constructsOfCall({ func, args }: CallExpr): readonly Construct[] {
  if (EXTRAPOLATING.has(func)) return [func, 'extrapolation'];
  if (SIGNATURES.get(func)?.dependsOn === 'buckets' && args.some(namesBucketRange)) {
    return [func, 'vmrange buckets'];
  }
  if (func === 'histogram_fraction' && readsBuckets(args[2]!))
    return [func, 'histogram_fraction of classic buckets'];
  if (func === 'label_replace' && quotedNames([tryText(args[1]) ?? '']).length > 0) {
    return [func, 'UTF-8 labels in label_replace'];
  }
  return [func];
}

/** The constructs of an aggregation, without those of its operands. */
export function constructsOfAggregation(
  { op, grouping, param }: AggregateExpr,
  { stepMs }: PlanTimes,
): readonly Construct[] {
  const varies = stepMs > 0 && param !== undefined && mayVary(param);
  return [op, ...(varies ? ['varying parameter'] : []), ...quotedNames(grouping)];
}

/** The constructs of a binary operation, without those of its operands. */
export function constructsOfOperation({ op, matching }: BinaryExpr): readonly Construct[] {
  return matching === undefined ? [op] : [op, ...quotedNames([...matching.labels, ...matching.include])];
}

/** Reports whether the ranges that a group is sent are shortened, because it includes their left end. */
export function shortensRanges(group: PlannedGroup): boolean {
  return includesLeftEnd(group, hasClosedRanges);
}

/** Reports whether the subqueries that a group is sent are shortened, because it includes their left end. */
export function shortensSubqueries(group: PlannedGroup): boolean {
  return includesLeftEnd(group, hasClosedSubqueries);
}

function includesLeftEnd({ products, native }: PlannedGroup, test: (product: Product) => boolean): boolean {
  return native !== true && (products?.some(test) ?? false);
}

function quotedNames(names: readonly string[]): readonly Construct[] {
  return names.every((name) => name === '' || isPlainLabelName(name)) ? [] : ['quoted label names'];
}

/** Reports whether the value of a scalar may depend on the step. */
function mayVary(param: Expr): boolean {
  let inner = withoutParens(param);
  while (inner.kind === 'unary') inner = withoutParens(inner.expr);
  return inner.kind !== 'number' && inner.kind !== 'string';
}
