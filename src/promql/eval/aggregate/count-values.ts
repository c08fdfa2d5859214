// count_values: how many series of a group have each value.

import { Labels, PromfedError, type Column } from '../../../model/index.js';
import { formatHistogram, formatPlain, formatShort, isLabelName } from '../../functions/index.js';
import { quote } from '../../language/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { groupLabels } from './grouping.js';
import { withoutEmpty } from '../columns.js';
import type { Scope, VectorOperand } from '../scope.js';

/**
 * One column for each value of each group, the value written into a label as Go's `%f` writes it.
 *
 * Source: Prometheus, promql/engine.go (`aggregationCountValues`).
 *
 * @throws PromfedError `execution` for a label name that is none.
 */
export async function evalCountValues(
  scope: Scope,
  node: AggregateNode,
  vector: VectorOperand,
  label: string,
): Promise<VectorOperand> {
  if (!isLabelName(label)) throw new PromfedError('execution', `invalid label name ${quote(label)}`);
  const labelsOf = groupLabels(node.without ? node.grouping : [...node.grouping, label], node.without);
  const targets = new Map<string, Column>();
  for (const column of vector.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    const ofSeries = new Map<string, Column>();
    for (let step = 0; step < scope.grid.count; step++) {
      if (column.present[step] === 0) continue;
      const histogram = column.present[step] === 2 ? column.histograms![step]! : undefined;
      const text = histogram ? formatHistogram(histogram, formatShort) : formatPlain(column.values[step]!);
      let target = ofSeries.get(text);
      if (target === undefined) {
        const labels = labelsOf(column.labels.with(Labels.of([[label, text]])));
        target = targets.get(labels.key) ?? scope.newColumn(labels);
        targets.set(labels.key, target);
        ofSeries.set(text, target);
      }
      target.values[step] = target.present[step] === 1 ? target.values[step]! + 1 : 1;
      target.present[step] = 1;
    }
  }
  scope.release(vector);
  return withoutEmpty(scope, scope.vector([...targets.values()]));
}
