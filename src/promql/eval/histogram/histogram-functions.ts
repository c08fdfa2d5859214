import type { Column, Histogram } from '../../../model/index.js';
import { nativeVariance } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';

import { mergeSameLabels, removeName } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * Functions that return one float for each native histogram.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramCount`, `funcHistogramSum`, `funcHistogramAvg`,
 * `funcHistogramStdDev`, `funcHistogramStdVar`).
 */
export const HISTOGRAM_FUNCTIONS: ReadonlyMap<string, (histogram: Histogram) => number> = new Map<
  string,
  (histogram: Histogram) => number
>([
  ['histogram_count', ({ count }) => count],
  ['histogram_sum', ({ sum }) => sum],
  ['histogram_avg', ({ sum, count }) => sum / count],
  ['histogram_stddev', (histogram) => Math.sqrt(nativeVariance(histogram))],
  ['histogram_stdvar', nativeVariance],
]);

/** Evaluates a function of HISTOGRAM_FUNCTIONS. Float samples have no result. */
export async function evalHistogramFunction(
  evaluator: Evaluator,
  node: CallNode,
  compute: (histogram: Histogram) => number,
): Promise<VectorOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  const columns: Column[] = [];
  for (const { labels, present, histograms } of vector.columns) {
    if (histograms === undefined) continue;
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const identity = removeName(evaluator, labels);
    const output = evaluator.newColumn(identity.labels, identity.dropsName);
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (present[step] !== 2) continue;
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      output.values[step] = compute(histograms[step]!);
      output.present[step] = 1;
    }
    columns.push(output);
  }
  evaluator.release(vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns, vector.ordered));
}
