// Joins: when an operation between two vectors may be computed in the regions.

import type { BinaryExpr, VectorMatching } from '../../language/index.js';
import { labelsOf, areDisjoint, type PlannedGroup } from '../pruning/group-pruning.js';
import {
  computedHere,
  computedHereBecause,
  isSettled,
  setsLabel,
  unsettled,
  type Local,
  type PushdownVerdict,
} from './pushdown-verdict.js';

/**
 * How far an operation between two local vectors can be sent: to the regions, when the labels by which the two sides
 * match tell the groups apart, because then no series of one region has a partner in another.
 *
 * A side is empty in a group that is not relevant for it. `and` and the operators then have no result there, `or` and
 * `unless` the other side or the left one. What is not asked of a group for that reason must not be able to fail there:
 * one Prometheus computes both sides, and ends in the error of either.
 */
export function ofJoin(expr: BinaryExpr, matching: VectorMatching, lhs: Local, rhs: Local): PushdownVerdict {
  if (!isSettled(lhs)) return unsettled(lhs);
  if (!isSettled(rhs)) return unsettled(rhs);
  const all = lhs.groups === rhs.groups ? lhs.groups : [...new Set([...lhs.groups, ...rhs.groups])];
  const onBoth = (name: string): boolean => lhs.remainingLabels.has(name) && rhs.remainingLabels.has(name);
  const matchable = matchedLabels(matching, new Set([...lhs.remainingLabels, ...rhs.remainingLabels]));
  // A side that has lost the label is no partner of one that has it, which the regions do not know.
  const lost = matchable.find((name) => !onBoth(name) && setsLabel(all, name));
  if (lost !== undefined)
    return computedHereBecause(`one side has lost the label ${lost} of its groups, and the other has it`);
  const matched = new Set(matchable.filter(onBoth));
  if (!areDisjoint(all, matched)) {
    return computedHere({ kind: 'mixes', what: matchingText(matching), groups: all, kept: matched });
  }
  // Experimental: regions that are too old for it refuse it.
  if (matching.fill.lhs !== undefined || matching.fill.rhs !== undefined) {
    return computedHere({ kind: 'experimental', what: 'fill' });
  }
  // The series of `or` come from either side, and all are given the same labels.
  if (
    expr.op === 'or' &&
    !all.every((group) =>
      labelsOf(group)
        .names()
        .every((name) => lhs.remainingLabels.has(name) === rhs.remainingLabels.has(name)),
    )
  ) {
    return computedHereBecause('the two sides of `or` do not have the same labels of their groups left');
  }
  if (isErrorMissed(expr, lhs, rhs)) {
    return computedHereBecause(
      'it may end in an error of a side in a group where the other side has nothing',
    );
  }
  const remainingLabels = isSetOperator(expr) ? lhs.remainingLabels : survivors(matching, matched, lhs, rhs);
  const groups = resultGroups(expr, lhs.groups, rhs.groups);
  const shared = {
    mayLoseNames: lhs.mayLoseNames && rhs.mayLoseNames,
    oneName: lhs.oneName && rhs.oneName,
    fallible: !isSetOperator(expr) || lhs.fallible || rhs.fallible,
  };
  return { kind: 'local', groups, remainingLabels, disjoint: true, single: true, ...shared };
}

/** How the two sides match, for the reason. */
function matchingText({ on, labels }: VectorMatching): string {
  if (!on && labels.length === 0) return 'what is left of the labels on both sides';
  return `matching ${on ? 'on' : 'ignoring'} (${labels.join(', ')})`;
}

/** Whether a side that may fail is not computed in one of its groups, because the other has nothing there. */
function isErrorMissed({ op }: BinaryExpr, lhs: Local, rhs: Local): boolean {
  const lacks = (side: Local, other: Local): boolean =>
    side.fallible && side.groups.some((group) => !other.groups.includes(group));
  return op !== 'or' && (lacks(rhs, lhs) || (op !== 'unless' && lacks(lhs, rhs)));
}

/** Those of the names that have to be equal in partners. */
export function matchedLabels({ on, labels }: VectorMatching, names: ReadonlySet<string>): readonly string[] {
  const named = new Set(labels);
  return [...names].filter((name) => named.has(name) === on);
}

/** They keep all labels of the side that a series comes from. */
function isSetOperator({ op }: BinaryExpr): boolean {
  return op === 'and' || op === 'or' || op === 'unless';
}

/**
 * Which group labels the result of an operator still has.
 *
 * Source: Prometheus, promql/engine.go (`resultMetric`).
 */
function survivors(
  matching: VectorMatching,
  matched: ReadonlySet<string>,
  lhs: Local,
  rhs: Local,
): ReadonlySet<string> {
  if (matching.card === 'one-to-one') return matched;
  const [many, one] = matching.card === 'many-to-one' ? [lhs, rhs] : [rhs, lhs];
  const included = new Set(matching.include);
  const kept = [...many.remainingLabels].filter((name) => !included.has(name));
  return new Set([...kept, ...matching.include.filter((name) => one.remainingLabels.has(name))]);
}

function resultGroups(
  { op }: BinaryExpr,
  lhs: readonly PlannedGroup[],
  rhs: readonly PlannedGroup[],
): readonly PlannedGroup[] {
  if (op === 'unless' || lhs === rhs) return lhs;
  if (op === 'or') return [...lhs, ...rhs.filter((group) => !lhs.includes(group))];
  const others = new Set(rhs);
  return lhs.filter((group) => others.has(group));
}
