import { appendAll, type Column, isLabelName, Labels, PromfedError } from '../../../model/index.js';
import { formatOpenMetrics } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';

import { mergeSameLabels } from '../columns.js';
import { evalHistogramQuantile } from './histogram-quantile.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * Evaluates histogram_quantiles: the results of histogram_quantile for each of the quantiles, with the quantile in a
 * label.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramQuantiles`).
 *
 * @throws PromfedError `execution` for an invalid label name and for two results with the same labels.
 */
export async function evalHistogramQuantiles(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [vectorNode, labelNode, ...quantileNodes] = node.args;
  if (vectorNode === undefined || labelNode?.kind !== 'string') {
    throw new PromfedError('internal', `unexpected label of ${node.func}(): ${String(labelNode?.kind)}`);
  }
  const label = labelNode.value;
  if (!isLabelName(label)) throw new PromfedError('execution', `invalid label name ${JSON.stringify(label)}`);
  // Started before the vector is awaited, so that all fetches run concurrently.
  const started = quantileNodes.map((quantile) => evaluator.evaluateScalar(quantile));
  const [vector, ...scalars] = await Promise.all([evaluator.evaluateVector(vectorNode), ...started]);
  const columns: Column[] = [];
  for (const [i, quantile] of quantileNodes.entries()) {
    const result = await evalHistogramQuantile(
      evaluator,
      { ...node, args: [quantile, vectorNode] },
      // Shared by all quantiles: no call may change or release it.
      { vector: { ...vector, held: 0 }, quantiles: scalars[i]! },
    );
    for (const column of result.columns) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      appendAll(columns, await splitByQuantile(evaluator, column, label, scalars[i]!.values));
    }
    evaluator.release(result);
  }
  evaluator.release(vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** Adds the quantile as a label to a column: one column for each distinct value of the quantile. */
async function splitByQuantile(
  evaluator: Evaluator,
  column: Column,
  label: string,
  quantiles: Float64Array,
): Promise<Iterable<Column>> {
  const outputs = new Map<string, Column>();
  const split = (step: number): void => {
    if (column.present[step] === 0) return;
    const text = formatOpenMetrics(quantiles[step]!);
    let output = outputs.get(text);
    if (output === undefined) {
      output = evaluator.newColumn(column.labels.with(Labels.of([[label, text]])), column.dropsName);
      outputs.set(text, output);
    }
    output.values[step] = column.values[step]!;
    output.present[step] = 1;
  };
  const running = evaluator.forSteps((fromStep, toStep) => {
    for (let step = fromStep; step < toStep; step++) split(step);
  });
  if (running !== undefined) await running;
  return outputs.values();
}
