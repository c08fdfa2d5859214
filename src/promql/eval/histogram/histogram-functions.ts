// Functions of native histograms that give one float each: histogram_count, _sum, _avg, _stddev, _stdvar.

import type { Column, Histogram } from '../../../model/index.js';
import { nativeVariance } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';

import { distinct, withoutName } from '../columns.js';
import type { Scope, VectorOperand } from '../scope.js';

/** Source: Prometheus, promql/functions.go (`funcHistogramCount` and its kin). */
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

/** One float for each histogram; floats have no result. */
export async function evalHistogramFunction(
  scope: Scope,
  node: CallNode,
  compute: (histogram: Histogram) => number,
): Promise<VectorOperand> {
  const vector = await scope.vectorOf(node.args[0]!);
  const columns: Column[] = [];
  for (const { labels, present, histograms } of vector.columns) {
    if (histograms === undefined) continue;
    if (scope.pacer.due) await scope.pacer.pause();
    const identity = withoutName(scope, labels);
    const target = scope.newColumn(identity.labels, identity.dropsName);
    for (let step = 0; step < scope.grid.count; step++) {
      if (present[step] !== 2) continue;
      target.values[step] = compute(histograms[step]!);
      target.present[step] = 1;
    }
    columns.push(target);
  }
  scope.release(vector);
  return distinct(scope, scope.vector(columns));
}
