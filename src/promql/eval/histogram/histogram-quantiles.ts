// histogram_quantiles: several quantiles of the same histograms, told apart by a label.

import { Labels, PromfedError, type Column } from '../../../model/index.js';
import { formatOpenMetrics, isLabelName } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';

import { mergeSameLabels } from '../columns.js';
import { evalHistogramQuantile } from './histogram-quantile.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * What histogram_quantile gives for each of the quantiles, the quantile written to the label.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramQuantiles`).
 *
 * @throws PromfedError `execution` for a label name that is none, and when series cannot be told apart.
 */
export async function evalHistogramQuantiles(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [vectorNode, labelNode, ...quantileNodes] = node.args;
  if (vectorNode === undefined || labelNode?.kind !== 'string') {
    throw new PromfedError('internal', `${node.func}() was given a ${String(labelNode?.kind)}`);
  }
  const label = labelNode.value;
  if (!isLabelName(label)) throw new PromfedError('execution', `invalid label name ${JSON.stringify(label)}`);
  // Started before the histograms are awaited, so that what both fetch is fetched at once.
  const started = quantileNodes.map((quantile) => evaluator.evaluateScalar(quantile));
  const [vector, ...scalars] = await Promise.all([evaluator.evaluateVector(vectorNode), ...started]);
  const columns: Column[] = [];
  for (const [i, quantile] of quantileNodes.entries()) {
    const result = await evalHistogramQuantile(
      evaluator,
      { ...node, args: [quantile, vectorNode] },
      // Shared by all of them: none may change or release it.
      { vector: { ...vector, held: 0 }, quantiles: scalars[i]! },
    );
    for (const column of result.columns) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      columns.push(...split(evaluator, column, label, scalars[i]!.values));
    }
    evaluator.release(result);
  }
  evaluator.release(vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** The column with the quantile as a label: one for each value that the quantile takes. */
function split(
  evaluator: Evaluator,
  column: Column,
  label: string,
  quantiles: Float64Array,
): Iterable<Column> {
  const targets = new Map<string, Column>();
  for (let step = 0; step < column.present.length; step++) {
    if (column.present[step] === 0) continue;
    const text = formatOpenMetrics(quantiles[step]!);
    let target = targets.get(text);
    if (target === undefined) {
      target = evaluator.newColumn(column.labels.with(Labels.of([[label, text]])), column.dropsName);
      targets.set(text, target);
    }
    target.values[step] = column.values[step]!;
    target.present[step] = 1;
  }
  return targets.values();
}
