// limit_ratio: a share of the series, chosen by the hash of their labels.

import { PromfedError } from '../../../model/index.js';
import { formatShort, sampleOffset } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { withoutEmpty } from '../columns.js';
import type { ScalarOperand, Scope, VectorOperand } from '../scope.js';

/**
 * The samples of series whose offset is below the ratio; with a negative ratio those that its complement leaves out,
 * so that `limit_ratio(0.2, v) or limit_ratio(-0.8, v)` is `v`.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalAgg`, LIMIT_RATIO; `AddRatioSample`).
 *
 * @throws PromfedError `execution` when the ratio is NaN at any step.
 */
export async function evalLimitRatio(
  scope: Scope,
  node: AggregateNode,
  vector: VectorOperand,
  ratio: ScalarOperand,
): Promise<VectorOperand> {
  if (!checkRatio(scope, node, ratio.values)) {
    scope.release(vector, ratio);
    return scope.vector([]);
  }
  const owned = scope.own(vector);
  for (const { labels, present } of owned.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    const offset = sampleOffset(labels);
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== 0 && !isWithin(offset, ratio.values[step]!)) present[step] = 0;
    }
  }
  scope.release(ratio);
  return withoutEmpty(scope, { ...owned, ordered: false });
}

/** A ratio beyond −1 to 1 counts as its nearer end. */
function isWithin(offset: number, ratio: number): boolean {
  return ratio >= 0 ? offset < Math.min(ratio, 1) : offset >= 1 + Math.max(ratio, -1);
}

/** @returns whether any step keeps anything. */
function checkRatio(scope: Scope, node: AggregateNode, values: Float64Array): boolean {
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
  if (most > 1) scope.warn(invalidRatio(most, 1), at);
  if (least < -1) scope.warn(invalidRatio(least, -1), at);
  return true;
}

/** Source: Prometheus, util/annotations (`NewInvalidRatioWarning`). */
function invalidRatio(ratio: number, end: number): string {
  return `ratio value should be between -1 and 1, got ${formatShort(ratio)}, capping to ${formatShort(end)}`;
}
