import type { SetOp, VectorMatching } from '../../language/index.js';

import { mergeSameLabels, dropEmptyColumns } from '../columns.js';
import { arrange } from '../order.js';
import { groupBySignature, matchLabels, presenceOf } from './matching.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * Applies a set operator. `and` returns the samples of the left side with a match on the right side, `unless` those
 * without. `or` returns the left side and then the samples of the right side without a match on the left side. Samples
 * match at the same step with equal matching labels.
 *
 * Source: Prometheus, promql/engine.go (`VectorAnd`, `VectorOr`, `VectorUnless`).
 */
export async function evalSetOperator(
  evaluator: Evaluator,
  op: SetOp,
  matching: VectorMatching,
  lhs: VectorOperand,
  rhs: VectorOperand,
): Promise<VectorOperand> {
  if (op !== 'or') {
    const result = await filterByMatch(evaluator, lhs, rhs, matching, op === 'and');
    evaluator.release(rhs);
    return result;
  }
  const rest = await filterByMatch(evaluator, rhs, lhs, matching, false);
  const left = await evaluator.toOwned(lhs);
  const ordered = left.ordered || rest.ordered;
  const sides = ordered ? [await arrange(evaluator, left), await arrange(evaluator, rest)] : [left, rest];
  const columns = sides.flatMap((side) => side.columns);
  const labelBytes = (left.labelBytes ?? 0) + (rest.labelBytes ?? 0);
  return mergeSameLabels(evaluator, { ...evaluator.vector(columns, ordered), labelBytes });
}

/** Returns the samples of `vector` with a match in `other`, or those without if `keepsMatched` is false. */
async function filterByMatch(
  evaluator: Evaluator,
  vector: VectorOperand,
  other: VectorOperand,
  matching: VectorMatching,
  keepsMatched: boolean,
): Promise<VectorOperand> {
  const { count } = evaluator.grid;
  const signature = matchLabels(matching);
  const { groups, memory } = await groupBySignature(evaluator, other.columns, matching);
  const presence = new Map<string, Uint8Array>();
  for (const [key, columns] of groups) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (columns.length > 1) evaluator.budget.reserve(count);
    presence.set(key, await presenceOf(evaluator, columns));
  }
  const owned = await evaluator.toOwned(vector);
  for (const { labels, present } of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const matched = presence.get(signature(labels).key);
    if (matched === undefined) {
      if (keepsMatched) present.fill(0);
      continue;
    }
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if ((matched[step] !== 0) !== keepsMatched) present[step] = 0;
      }
    });
    if (running !== undefined) await running;
  }
  for (const columns of groups.values()) if (columns.length > 1) evaluator.budget.release(count);
  memory.release();
  return dropEmptyColumns(evaluator, owned);
}
