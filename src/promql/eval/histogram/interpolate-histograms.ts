// What a series of native histograms would have counted between two of its samples.

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

/** A histogram and when it was taken. */
export interface TimedHistogram {
  readonly timeMs: number;
  readonly histogram: Histogram;
}

/**
 * The histogram at a time from one sample's to the next's, linear in each bucket. A counter that was reset between
 * them has started from nothing. Undefined, with a warning, when only one of them has custom buckets.
 *
 * Source: Prometheus, promql/functions.go (`interpolateHistograms`).
 *
 * @param at where annotations point to; they name `metricName`.
 */
export function interpolateHistograms(
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
  const grown = trySubtractHistograms(h2, h1);
  if (grown === undefined) {
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  if (isCounter && detectReset(h2, h1)) return multiplyHistogram(h2, share);
  if (grown.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  const sum = tryAddHistograms(multiplyHistogram(grown.histogram, share), h1)!;
  if (sum.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
  return sum.histogram;
}
