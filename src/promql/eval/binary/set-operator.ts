// The set operators: and, or, unless.

import type { VectorMatching } from '../../language/index.js';

import { mergeSameLabels, dropEmptyColumns } from '../columns.js';
import { groupBySignature, matchLabels, presenceOf } from './matching.js';
import type { SetOp } from './operators.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * `and` keeps samples of the left with a partner on the right, `unless` those without one; `or` adds to the left
 * the samples of the right without a partner on the left. Partners have equal matching labels at the same step.
 *
 * Source: Prometheus, promql/engine.go (`VectorAnd`, `VectorOr`, `VectorUnless`).
 */
export async function setOperator(
  evaluator: Evaluator,
  op: SetOp,
  matching: VectorMatching,
  lhs: VectorOperand,
  rhs: VectorOperand,
): Promise<VectorOperand> {
  if (op !== 'or') {
    const result = await keepWhere(evaluator, lhs, rhs, matching, op === 'and');
    evaluator.release(rhs);
    return result;
  }
  const rest = await keepWhere(evaluator, rhs, lhs, matching, false);
  const left = evaluator.toOwned(lhs);
  return mergeSameLabels(evaluator, evaluator.vector([...left.columns, ...rest.columns]));
}

/** The samples of `vector` that have a partner in `other` (`partnered`), or those that have none. */
async function keepWhere(
  evaluator: Evaluator,
  vector: VectorOperand,
  other: VectorOperand,
  matching: VectorMatching,
  partnered: boolean,
): Promise<VectorOperand> {
  const { count } = evaluator.grid;
  const signature = matchLabels(matching);
  const groups = await groupBySignature(evaluator.pacer, other.columns, matching);
  const presence = new Map<string, Uint8Array>();
  for (const [key, columns] of groups) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (columns.length > 1) evaluator.budget.reserve(count);
    presence.set(key, await presenceOf(evaluator.pacer, columns, count));
  }
  const owned = evaluator.toOwned(vector);
  for (const { labels, present } of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const partner = presence.get(signature(labels).key);
    if (partner === undefined) {
      if (partnered) present.fill(0);
      continue;
    }
    for (let step = 0; step < count; step++) if ((partner[step] !== 0) !== partnered) present[step] = 0;
  }
  for (const columns of groups.values()) if (columns.length > 1) evaluator.budget.release(count);
  return dropEmptyColumns(evaluator, owned);
}
