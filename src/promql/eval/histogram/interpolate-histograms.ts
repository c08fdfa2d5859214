import {
  detectReset,
  multiplyHistogram,
  tryAddHistograms,
  trySubtractHistograms,
  type Histogram,
} from '../../../model/index.js';
import type { PlanNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import type { Evaluator } from '../evaluator.js';

/** A histogram sample. */
export interface TimedHistogram {
  readonly timeMs: number;
  readonly histogram: Histogram;
}

/**
 * Interpolates linearly in each bucket between two consecutive samples. A counter that was reset between them starts
 * from an empty histogram. Undefined, with a warning, when only one of them has custom buckets.
 *
 * Source: Prometheus, promql/functions.go (`interpolateHistograms`).
 *
 * @param at position of annotations, which name `metricName`.
 * @param timeMs between the times of `before` and `after`, inclusive.
 */
export function tryInterpolateHistograms(
  {
    evaluator,
    at,
    metricName,
  }: { readonly evaluator: Evaluator; readonly at: PlanNode; readonly metricName: string },
  before: TimedHistogram,
  after: TimedHistogram,
  timeMs: number,
  isCounter: boolean,
): Histogram | undefined {
  const [h1, h2] = [before.histogram, after.histogram];
  if (timeMs === before.timeMs) return h1;
  if (timeMs === after.timeMs) return h2;
  const share = (timeMs - before.timeMs) / (after.timeMs - before.timeMs);
  const difference = trySubtractHistograms(h2, h1);
  if (difference === undefined) {
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  if (isCounter && detectReset(h2, h1)) return multiplyHistogram(h2, share);
  if (difference.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  const sum = tryAddHistograms(multiplyHistogram(difference.histogram, share), h1)!;
  if (sum.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
  return sum.histogram;
}
