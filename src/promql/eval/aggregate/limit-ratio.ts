import { PromfedError } from '../../../model/index.js';
import { sampleOffset } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS, PARAMETER_ERRORS } from '../annotation-texts.js';
import { dropEmptyColumns } from '../columns.js';
import type { Evaluator, ScalarOperand, VectorOperand } from '../evaluator.js';
import { heapOrder, arrange } from '../order.js';
import { groupColumns } from './grouping.js';
import { paramRange, type ParamRange } from './param-range.js';

/**
 * Evaluates limit_ratio: the samples of series whose offset, a hash of the labels, is below the ratio. A negative
 * ratio selects the series that its complement does not select: `limit_ratio(0.2, v) or limit_ratio(-0.8, v)` is `v`.
 * The grouping affects only the order of an instant result.
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
  if (!checkRatio(evaluator, node, await paramRange(evaluator, ratio))) {
    evaluator.release(vector, ratio);
    return evaluator.vector([]);
  }
  const owned = await evaluator.toOwned(await arrange(evaluator, vector));
  for (const { labels, present } of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const offset = sampleOffset(labels);
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (present[step] !== 0 && !isSelected(offset, ratio.values[step]!)) present[step] = 0;
      }
    });
    if (running !== undefined) await running;
  }
  evaluator.release(ratio);
  const selected = dropEmptyColumns(evaluator, owned);
  if (!evaluator.isInstant) return selected;
  const { groups, memory } = await groupColumns(evaluator, selected.columns, node.grouping, node.without);
  memory.release();
  return { ...selected, columns: groups.flatMap(({ columns }) => heapOrder(columns)), ordered: true };
}

/** Reports whether a series is selected. The ratio is capped to −1 to 1. */
function isSelected(offset: number, ratio: number): boolean {
  return ratio >= 0 ? offset < Math.min(ratio, 1) : offset >= 1 + Math.max(ratio, -1);
}

/**
 * Checks the ratio of all steps and adds warnings. Returns false when no step selects any series.
 *
 * @throws PromfedError `execution` for NaN.
 */
function checkRatio(evaluator: Evaluator, node: AggregateNode, { min, max, hasNaN }: ParamRange): boolean {
  if (max === 0 && min === 0) return false;
  if (hasNaN) throw new PromfedError('execution', PARAMETER_ERRORS.nanRatio);
  const at = node.param ?? node;
  if (max > 1) evaluator.warn(ANNOTATION_TEXTS.invalidRatio(max, 1), at);
  if (min < -1) evaluator.warn(ANNOTATION_TEXTS.invalidRatio(min, -1), at);
  return true;
}
