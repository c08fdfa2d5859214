// Aggregations of vectors that hold native histograms.

import { HistogramSum, type Column } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { dropHistograms, hasHistograms } from '../columns.js';
import type { Group } from './grouping.js';
import { HISTOGRAM_TEXTS } from '../histogram/histogram-annotations.js';
import type { HistogramColumn, Evaluator, VectorOperand } from '../evaluator.js';

/** So many histograms are added between two looks at the clock. */
const COLUMNS_AT_ONCE = 64;

/** The vector without its histograms, of which an info tells. Source: Prometheus, promql/engine.go (`aggregation`, `aggregationK`). */
export function withoutIgnored(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
): VectorOperand {
  if (!hasHistograms(vector)) return vector;
  const ignored = vector.columns.some(({ present }) => present.includes(2));
  const ranks = node.op === 'topk' || node.op === 'bottomk';
  if (ignored) evaluator.info(HISTOGRAM_TEXTS.ignoredInAggregation(node.op), ranks ? node : node.input);
  return dropHistograms(evaluator, vector);
}

/**
 * Puts the sums or means of a group's histograms into its column, which holds those of its floats: steps with both
 * have no result. Histograms whose buckets cannot be reconciled have none either.
 *
 * Source: Prometheus, promql/engine.go (`aggregation`).
 */
export async function addHistograms(
  evaluator: Evaluator,
  node: AggregateNode,
  group: Group,
  target: HistogramColumn,
): Promise<void> {
  for (let step = 0; step < evaluator.grid.count; step++) {
    const result = await sumAt(evaluator, node, group.columns, step);
    if (result === undefined) continue;
    if (target.present[step] === 1) {
      target.present[step] = 0;
      evaluator.warn(HISTOGRAM_TEXTS.mixedTypesAggregation, node.input);
    } else if (result !== 'incompatible') {
      if (result.collision) evaluator.warn(HISTOGRAM_TEXTS.collision('aggregation'), node.input);
      if (result.reconciled) evaluator.info(HISTOGRAM_TEXTS.reconciled('aggregation'), node.input);
      evaluator.putHistogram(target, step, result.total);
    }
  }
}

async function sumAt(
  evaluator: Evaluator,
  node: AggregateNode,
  columns: readonly Column[],
  step: number,
): Promise<HistogramSum | 'incompatible' | undefined> {
  let sum: HistogramSum | undefined;
  for (const [i, { labels, present, histograms }] of columns.entries()) {
    if (i % COLUMNS_AT_ONCE === 0 && evaluator.pacer.due) await evaluator.pacer.pause();
    if (present[step] !== 2) continue;
    const histogram = histograms![step]!;
    if (sum === undefined) {
      sum = new HistogramSum(histogram, node.op === 'avg');
    } else if (!sum.tryAdd(histogram)) {
      evaluator.warn(HISTOGRAM_TEXTS.mixedSchemas(labels.metricName), node.input);
      return 'incompatible';
    }
  }
  return sum;
}
