// The set operators: and, or, unless.

import type { VectorMatching } from '../../language/index.js';

import { distinct, withoutEmpty } from '../columns.js';
import { groupBySignature, matchLabels, presenceOf } from './matching.js';
import type { SetOp } from './operators.js';
import type { Scope, VectorOperand } from '../scope.js';

/**
 * `and` keeps samples of the left with a partner on the right, `unless` those without one; `or` adds to the left
 * the samples of the right without a partner on the left. Partners have equal matching labels at the same step.
 *
 * Source: Prometheus, promql/engine.go (`VectorAnd`, `VectorOr`, `VectorUnless`).
 */
export async function setOperator(
  scope: Scope,
  op: SetOp,
  matching: VectorMatching,
  lhs: VectorOperand,
  rhs: VectorOperand,
): Promise<VectorOperand> {
  if (op !== 'or') {
    const result = await keepWhere(scope, lhs, rhs, matching, op === 'and');
    scope.release(rhs);
    return result;
  }
  const rest = await keepWhere(scope, rhs, lhs, matching, false);
  const left = scope.own(lhs);
  return distinct(scope, scope.vector([...left.columns, ...rest.columns]));
}

/** The samples of `vector` that have a partner in `other` (`partnered`), or those that have none. */
async function keepWhere(
  scope: Scope,
  vector: VectorOperand,
  other: VectorOperand,
  matching: VectorMatching,
  partnered: boolean,
): Promise<VectorOperand> {
  const { count } = scope.grid;
  const signature = matchLabels(matching);
  const groups = await groupBySignature(scope.pacer, other.columns, matching);
  const presence = new Map<string, Uint8Array>();
  for (const [key, columns] of groups) {
    if (scope.pacer.due) await scope.pacer.pause();
    if (columns.length > 1) scope.budget.reserve(count);
    presence.set(key, await presenceOf(scope.pacer, columns, count));
  }
  const owned = scope.own(vector);
  for (const { labels, present } of owned.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    const partner = presence.get(signature(labels).key);
    if (partner === undefined) {
      if (partnered) present.fill(0);
      continue;
    }
    for (let step = 0; step < count; step++) if ((partner[step] !== 0) !== partnered) present[step] = 0;
  }
  for (const columns of groups.values()) if (columns.length > 1) scope.budget.release(count);
  return withoutEmpty(scope, owned);
}
