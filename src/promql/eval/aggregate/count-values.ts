// count_values: how many series of a group have each value.

import { Labels, PromfedError, type Column } from '../../../model/index.js';
import { formatHistogram, formatPlain, formatShort, isLabelName } from '../../functions/index.js';
import { quote } from '../../language/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { groupLabels } from './grouping.js';
import { dropEmptyColumns } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';

/**
 * One column for each value of each group, the value written into a label as Go's `%f` writes it.
 *
 * Source: Prometheus, promql/engine.go (`aggregationCountValues`).
 *
 * @throws PromfedError `execution` for a label name that is none.
 */
export async function evalCountValues(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
  label: string,
): Promise<VectorOperand> {
  if (!isLabelName(label)) throw new PromfedError('execution', `invalid label name ${quote(label)}`);
  const labelsOf = groupLabels(node.without ? node.grouping : [...node.grouping, label], node.without);
  const targets = new Map<string, Column>();
  for (const column of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const ofSeries = new Map<string, Column>();
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (column.present[step] === 0) continue;
      const histogram = column.present[step] === 2 ? column.histograms![step]! : undefined;
      const text = histogram ? formatHistogram(histogram, formatShort) : formatPlain(column.values[step]!);
      let target = ofSeries.get(text);
      if (target === undefined) {
        const labels = labelsOf(column.labels.with(Labels.of([[label, text]])));
        target = targets.get(labels.key) ?? evaluator.newColumn(labels);
        targets.set(labels.key, target);
        ofSeries.set(text, target);
      }
      target.values[step] = target.present[step] === 1 ? target.values[step]! + 1 : 1;
      target.present[step] = 1;
    }
  }
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, evaluator.vector([...targets.values()]));
}
