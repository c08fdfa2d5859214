// Joins: whether regions may compute an operation between two vectors.

import { isSetOperator, type BinaryExpr, type VectorMatching } from '../../language/index.js';
import { areDisjoint, labelsOf, type PlannedGroup } from '../pruning/planned-group.js';
import {
  computed,
  computedAfterMerge,
  computedBecause,
  NAMES_NEEDED,
  setsLabel,
  type Local,
  type PushdownVerdict,
} from './pushdown-verdict.js';

/**
 * The verdict of an operation between two local vectors. Regions compute it when the labels by which the sides match
 * distinguish the groups: then no series of one region matches a series of another.
 *
 * A side is empty in a group that is pruned for it. There `and` and the operators have no result, `or` has that of the
 * other side and `unless` that of the left one. The side that is not computed for this reason must not be fallible: one
 * Prometheus computes both sides and fails when either does.
 */
export function joinVerdict(
  expr: BinaryExpr,
  matching: VectorMatching,
  lhs: Local,
  rhs: Local,
): PushdownVerdict {
  if (!lhs.single) return computedAfterMerge(lhs);
  if (!rhs.single) return computedAfterMerge(rhs);
  const all = lhs.groups === rhs.groups ? lhs.groups : [...new Set([...lhs.groups, ...rhs.groups])];
  const onBothSides = (name: string): boolean =>
    lhs.remainingLabels.has(name) && rhs.remainingLabels.has(name);
  const candidates = matchedLabels(matching, new Set([...lhs.remainingLabels, ...rhs.remainingLabels]));
  // Regions do not know the label, and would match the side that has lost it with the side that has it.
  const lost = candidates.find((name) => !onBothSides(name) && setsLabel(all, name));
  if (lost !== undefined) {
    return computedBecause(`one side has lost the label ${lost} of its groups, and the other has it`);
  }
  const matched = new Set(candidates.filter(onBothSides));
  if (!areDisjoint(all, matched)) {
    return computed({ kind: 'mixes', what: matchingText(matching), groups: all, kept: matched });
  }
  if (matching.fill.lhs !== undefined || matching.fill.rhs !== undefined) {
    return computed({ kind: 'experimental', what: 'fill' });
  }
  // A region matches series of the "many" side without the names that a comparison with bool drops.
  if (expr.returnBool && matching.card !== 'one-to-one' && !(lhs.mayLoseNames && rhs.mayLoseNames)) {
    return NAMES_NEEDED;
  }
  // The series of `or` come from both sides and are all given the same labels.
  if (expr.op === 'or' && !haveSameLabels(all, lhs, rhs)) {
    return computedBecause('the two sides of `or` do not keep the same labels of their groups');
  }
  if (missesError(expr, lhs, rhs)) {
    return computedBecause('a side may fail in a group that the other side has no data in');
  }
  const isSet = isSetOperator(expr.op);
  return {
    kind: 'local',
    groups: resultGroups(expr, lhs.groups, rhs.groups),
    remainingLabels: isSet ? lhs.remainingLabels : resultLabels(matching, matched, lhs, rhs),
    single: true,
    mayLoseNames: lhs.mayLoseNames && rhs.mayLoseNames,
    oneName: lhs.oneName && rhs.oneName,
    fallible: !isSet || lhs.fallible || rhs.fallible,
  };
}

/** How the two sides match, for the reason. */
function matchingText({ on, labels }: VectorMatching): string {
  if (!on && labels.length === 0) return 'matching on the labels that remain on both sides';
  return `matching ${on ? 'on' : 'ignoring'} (${labels.join(', ')})`;
}

/** Reports whether both sides keep the same labels of every group. */
function haveSameLabels(groups: readonly PlannedGroup[], lhs: Local, rhs: Local): boolean {
  return groups.every((group) =>
    labelsOf(group)
      .names()
      .every((name) => lhs.remainingLabels.has(name) === rhs.remainingLabels.has(name)),
  );
}

/** Reports whether a fallible side is not computed in one of its groups because the other side is empty there. */
function missesError({ op }: BinaryExpr, lhs: Local, rhs: Local): boolean {
  const misses = (side: Local, other: Local): boolean =>
    side.fallible && side.groups.some((group) => !other.groups.includes(group));
  return op !== 'or' && (misses(rhs, lhs) || (op !== 'unless' && misses(lhs, rhs)));
}

/** Returns those of the names whose labels must be equal in series that match. */
export function matchedLabels({ on, labels }: VectorMatching, names: ReadonlySet<string>): readonly string[] {
  const listed = new Set(labels);
  return [...names].filter((name) => listed.has(name) === on);
}

/**
 * The labels of groups that remain in the result of an operator.
 *
 * Source: Prometheus, promql/engine.go (`resultMetric`).
 */
function resultLabels(
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
