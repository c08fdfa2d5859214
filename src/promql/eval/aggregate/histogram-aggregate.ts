// Aggregations of vectors that hold native histograms.

import { HistogramSum, type Column } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { floatsOf, hasHistograms } from '../columns.js';
import type { Group } from './grouping.js';
import { HISTOGRAM_TEXTS } from '../histogram/histogram-annotations.js';
import type { HistogramColumn, Scope, VectorOperand } from '../scope.js';

/** So many histograms are added between two looks at the clock. */
const COLUMNS_AT_ONCE = 64;

/** The vector without its histograms, of which an info tells. Source: Prometheus, promql/engine.go (`aggregation`, `aggregationK`). */
export function withoutIgnored(scope: Scope, node: AggregateNode, vector: VectorOperand): VectorOperand {
  if (!hasHistograms(vector)) return vector;
  const ignored = vector.columns.some(({ present }) => present.includes(2));
  const ranks = node.op === 'topk' || node.op === 'bottomk';
  if (ignored) scope.info(HISTOGRAM_TEXTS.ignoredInAggregation(node.op), ranks ? node : node.input);
  return floatsOf(scope, vector);
}

/**
 * Puts the sums or means of a group's histograms into its column, which holds those of its floats: steps with both
 * have no result. Histograms whose buckets cannot be reconciled have none either.
 *
 * Source: Prometheus, promql/engine.go (`aggregation`).
 */
export async function addHistograms(
  scope: Scope,
  node: AggregateNode,
  group: Group,
  target: HistogramColumn,
): Promise<void> {
  for (let step = 0; step < scope.grid.count; step++) {
    const result = await sumAt(scope, node, group.columns, step);
    if (result === undefined) continue;
    if (target.present[step] === 1) {
      target.present[step] = 0;
      scope.warn(HISTOGRAM_TEXTS.mixedTypesAggregation, node.input);
    } else if (result !== 'incompatible') {
      if (result.collision) scope.warn(HISTOGRAM_TEXTS.collision('aggregation'), node.input);
      if (result.reconciled) scope.info(HISTOGRAM_TEXTS.reconciled('aggregation'), node.input);
      scope.put(target, step, result.total);
    }
  }
}

async function sumAt(
  scope: Scope,
  node: AggregateNode,
  columns: readonly Column[],
  step: number,
): Promise<HistogramSum | 'incompatible' | undefined> {
  let sum: HistogramSum | undefined;
  for (const [i, { labels, present, histograms }] of columns.entries()) {
    if (i % COLUMNS_AT_ONCE === 0 && scope.pacer.due) await scope.pacer.pause();
    if (present[step] !== 2) continue;
    const histogram = histograms![step]!;
    if (sum === undefined) {
      sum = new HistogramSum(histogram, node.op === 'avg');
    } else if (!sum.tryAdd(histogram)) {
      scope.warn(HISTOGRAM_TEXTS.mixedSchemas(labels.metricName), node.input);
      return 'incompatible';
    }
  }
  return sum;
}
