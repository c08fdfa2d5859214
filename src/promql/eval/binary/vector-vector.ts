// Arithmetic, comparison and trim operators between two vectors.

import type { VectorMatching } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';
import { hasHistograms, mergeSameLabels } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { arrange } from '../order.js';
import { MatchError } from './match-error.js';
import { groupBySignature, presenceOf } from './matching.js';
import { groupOneSide, NO_SERIES, releaseOneSide } from './one-side.js';
import { createFloatOperator } from './sample-operator.js';
import { VectorMatcher } from './vector-matcher.js';

/**
 * Applies an operator to each sample of the "many" side and the sample of the "one" side with the same matching
 * labels at the same step. The "many" side is the left one, except with `group_right`. Without grouping modifiers
 * both sides are "one" sides. An instant result has the order of the "many" side.
 *
 * Source: Prometheus, promql/engine.go (`VectorBinop`).
 *
 * @throws PromfedError `execution` when matches are not unique: the error of the earliest step.
 */
export async function evalVectorVector(
  evaluator: Evaluator,
  node: BinaryNode,
  matching: VectorMatching,
  lhs: VectorOperand,
  rhs: VectorOperand,
): Promise<VectorOperand> {
  const isSwapped = matching.card === 'one-to-many';
  const sides = isSwapped ? [rhs, lhs] : [lhs, rhs];
  // Filled results follow the others, in the order of the "one" side.
  const ordered = sides[0]!.ordered || (matching.fill.lhs !== undefined && sides[1]!.ordered);
  const [manySide, oneSide] = ordered
    ? [await arrange(evaluator, sides[0]!), await arrange(evaluator, sides[1]!)]
    : [sides[0]!, sides[1]!];
  const error = new MatchError();
  const oneSideGroups = await groupOneSide(evaluator, matching, manySide, oneSide, error);
  const { groups: manyGroups, memory } = await groupBySignature(evaluator, manySide.columns, matching);
  const matcher = new VectorMatcher(evaluator, node, {
    matching,
    operator: createFloatOperator(evaluator, node),
    isSwapped,
    hasHistograms: hasHistograms(lhs) || hasHistograms(rhs),
    error,
  });
  const { pacer } = evaluator;
  for (const [signature, many] of manyGroups) {
    const one =
      oneSideGroups.groups.get(signature) ?? (matcher.fill.one === undefined ? undefined : NO_SERIES);
    if (one === undefined) continue;
    matcher.startGroup(many.length);
    for (const column of many) {
      if (pacer.due) await pacer.pause();
      const running = matcher.match(column, one);
      if (running !== undefined) await running;
    }
  }
  matcher.endGroup();
  if (matcher.fill.many !== undefined) {
    for (const [signature, one] of oneSideGroups.groups) {
      if (pacer.due) await pacer.pause();
      const many = manyGroups.get(signature) ?? [];
      await matcher.fillMany(one, await presenceOf(evaluator, many));
    }
  }
  error.throwIfAny();
  memory.release();
  releaseOneSide(evaluator, oneSideGroups);
  evaluator.release(lhs, rhs);
  const columns = ordered ? matcher.columnsInOrderOf(manySide.columns) : matcher.columns;
  const { labelBytes } = matcher;
  return mergeSameLabels(evaluator, { ...evaluator.vector(columns, ordered), labelBytes });
}
