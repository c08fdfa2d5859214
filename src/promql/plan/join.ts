// Joins: when an operation between two vectors may be computed in the regions.

import type { BinaryExpr, VectorMatching } from '../language/index.js';
import { tellApart, type PlannedGroup } from './groups.js';
import { here, hereAs, isSettled, unsettled, type Local, type Reach } from './locality.js';

/**
 * How far an operation between two local vectors can be sent: to the regions, when the labels by which the two sides
 * match tell the groups apart, because then no series of one region has a partner in another.
 *
 * A side is empty in a group that is not relevant for it. `and` and the operators then have no result there, `or` and
 * `unless` the other side or the left one.
 */
export function ofJoin(expr: BinaryExpr, matching: VectorMatching, lhs: Local, rhs: Local): Reach {
  if (!isSettled(lhs)) return unsettled(lhs);
  if (!isSettled(rhs)) return unsettled(rhs);
  const all = lhs.groups === rhs.groups ? lhs.groups : [...new Set([...lhs.groups, ...rhs.groups])];
  const matched = matchedLabels(matching, lhs, rhs);
  if (!tellApart(all, matched)) {
    return here({ kind: 'mixes', what: matchingText(matching), groups: all, kept: matched });
  }
  // Experimental: regions that are too old for it refuse it.
  if (matching.fill.lhs !== undefined || matching.fill.rhs !== undefined) {
    return here({ kind: 'experimental', what: 'fill' });
  }
  // The series of `or` come from either side, and all are given the same labels.
  if (
    expr.op === 'or' &&
    !all.every(({ labels }) =>
      labels.names().every((name) => lhs.survives.has(name) === rhs.survives.has(name)),
    )
  ) {
    return hereAs('the two sides of `or` do not have the same labels of their groups left');
  }
  const survives = isSetOperator(expr) ? lhs.survives : survivors(matching, matched, lhs, rhs);
  const groups = resultGroups(expr, lhs.groups, rhs.groups);
  return { kind: 'local', groups, survives, apart: true, single: true, oneName: false };
}

/** How the two sides match, for the reason. */
function matchingText({ on, labels }: VectorMatching): string {
  if (!on && labels.length === 0) return 'what is left of the labels on both sides';
  return `matching ${on ? 'on' : 'ignoring'} (${labels.join(', ')})`;
}

/** The group labels by which two series are partners, as far as both sides still have them. */
function matchedLabels({ on, labels }: VectorMatching, lhs: Local, rhs: Local): ReadonlySet<string> {
  const named = new Set(labels);
  return new Set([...lhs.survives].filter((name) => rhs.survives.has(name) && named.has(name) === on));
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
  const kept = [...many.survives].filter((name) => !included.has(name));
  return new Set([...kept, ...matching.include.filter((name) => one.survives.has(name))]);
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
