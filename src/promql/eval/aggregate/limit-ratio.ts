// limit_ratio: a share of the series, chosen by the hash of their labels.

import { PromfedError } from '../../../model/index.js';
import { formatShort, sampleOffset } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { dropEmptyColumns } from '../columns.js';
import type { ScalarOperand, Evaluator, VectorOperand } from '../evaluator.js';

/**
 * The samples of series whose offset is below the ratio; with a negative ratio those that its complement leaves out,
 * so that `limit_ratio(0.2, v) or limit_ratio(-0.8, v)` is `v`.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalAgg`, LIMIT_RATIO; `AddRatioSample`).
 *
 * @throws PromfedError `execution` when the ratio is NaN at any step.
 */
export async function evalLimitRatio(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
  ratio: ScalarOperand,
): Promise<VectorOperand> {
  if (!checkRatio(evaluator, node, ratio.values)) {
    evaluator.release(vector, ratio);
    return evaluator.vector([]);
  }
  const owned = evaluator.toOwned(vector);
  for (const { labels, present } of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const offset = sampleOffset(labels);
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== 0 && !isWithin(offset, ratio.values[step]!)) present[step] = 0;
    }
  }
  evaluator.release(ratio);
  return dropEmptyColumns(evaluator, { ...owned, ordered: false });
}

/** A ratio beyond −1 to 1 counts as its nearer end. */
function isWithin(offset: number, ratio: number): boolean {
  return ratio >= 0 ? offset < Math.min(ratio, 1) : offset >= 1 + Math.max(ratio, -1);
}

/** @returns whether any step keeps anything. */
function checkRatio(evaluator: Evaluator, node: AggregateNode, values: Float64Array): boolean {
  let most = -Infinity;
  let least = Infinity;
  let anyNaN = false;
  for (const value of values) {
    if (Number.isNaN(value)) anyNaN = true;
    else {
      most = Math.max(most, value);
      least = Math.min(least, value);
    }
  }
  if (most === 0 && least === 0) return false;
  if (anyNaN) throw new PromfedError('execution', 'Ratio value is NaN');
  const at = node.param ?? node;
  if (most > 1) evaluator.warn(invalidRatio(most, 1), at);
  if (least < -1) evaluator.warn(invalidRatio(least, -1), at);
  return true;
}

/** Source: Prometheus, util/annotations (`NewInvalidRatioWarning`). */
function invalidRatio(ratio: number, end: number): string {
  return `ratio value should be between -1 and 1, got ${formatShort(ratio)}, capping to ${formatShort(end)}`;
}
