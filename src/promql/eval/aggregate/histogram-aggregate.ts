// Aggregations of vectors with native histograms.

import { HistogramSum, type Column } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { dropHistograms, hasHistograms } from '../columns.js';
import type { Evaluator, HistogramColumn, VectorOperand } from '../evaluator.js';
import type { Group } from './grouping.js';

/** Number of histograms added between two checks of the pacer. */
const HISTOGRAMS_PER_CHECK = 64;

/**
 * Removes the histograms of a vector for an aggregation that ignores them, with an info.
 *
 * Source: Prometheus, promql/engine.go (`aggregation`, `aggregationK`).
 */
export async function dropIgnoredHistograms(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
): Promise<VectorOperand> {
  if (!hasHistograms(vector)) return vector;
  const hasIgnored = vector.columns.some(({ present }) => present.includes(2));
  const isRank = node.op === 'topk' || node.op === 'bottomk';
  if (hasIgnored) evaluator.info(ANNOTATION_TEXTS.ignoredInAggregation(node.op), isRank ? node : node.input);
  return dropHistograms(evaluator, vector);
}

/**
 * Adds the sums or means of a group's histograms to its column, which has those of its floats. Steps with floats and
 * histograms have no result, with a warning. Neither have steps with incompatible bucket layouts.
 *
 * Source: Prometheus, promql/engine.go (`aggregation`).
 */
export async function addHistograms(
  evaluator: Evaluator,
  node: AggregateNode,
  group: Group,
  output: HistogramColumn,
): Promise<void> {
  for (let step = 0; step < evaluator.grid.count; step++) {
    const result = await sumAt(evaluator, node, group.columns, step);
    if (result === undefined) continue;
    if (output.present[step] === 1) {
      output.present[step] = 0;
      evaluator.warn(ANNOTATION_TEXTS.mixedTypesAggregation, node.input);
    } else if (result !== 'incompatible') {
      if (result.collision) evaluator.warn(ANNOTATION_TEXTS.collision('aggregation'), node.input);
      if (result.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('aggregation'), node.input);
      evaluator.putHistogram(output, step, result.total);
    }
  }
}

/** Returns the sum of the histograms at a step, or `undefined` without a histogram. */
async function sumAt(
  evaluator: Evaluator,
  node: AggregateNode,
  columns: readonly Column[],
  step: number,
): Promise<HistogramSum | 'incompatible' | undefined> {
  let sum: HistogramSum | undefined;
  for (const [i, { labels, present, histograms }] of columns.entries()) {
    if (i % HISTOGRAMS_PER_CHECK === 0 && evaluator.pacer.due) await evaluator.pacer.pause();
    if (present[step] !== 2) continue;
    const histogram = histograms![step]!;
    if (sum === undefined) {
      sum = new HistogramSum(histogram, node.op === 'avg');
    } else if (!sum.tryAdd(histogram)) {
      evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(labels.metricName), node.input);
      return 'incompatible';
    }
  }
  return sum;
}
