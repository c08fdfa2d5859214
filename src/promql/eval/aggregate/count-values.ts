import { type Column, isLabelName, Labels, PromfedError } from '../../../model/index.js';
import { formatHistogram, formatPlain, formatShort } from '../../functions/index.js';
import { quote } from '../../language/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { dropEmptyColumns } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { LabelMemory } from '../label-memory.js';
import { groupLabels } from './grouping.js';

/**
 * Evaluates count_values: one column for each value of each group, with the number of series that have the value. The
 * value is written to the label as Go's `%f` prints it.
 *
 * Source: Prometheus, promql/engine.go (`aggregationCountValues`).
 *
 * @throws PromfedError `execution` for an invalid label name.
 */
export async function evalCountValues(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
  label: string,
): Promise<VectorOperand> {
  if (!isLabelName(label)) throw new PromfedError('execution', `invalid label name ${quote(label)}`);
  const labelsOf = groupLabels(node.without ? node.grouping : [...node.grouping, label], node.without);
  const outputs = new Map<string, Column>();
  const memory = new LabelMemory(evaluator.rawBudget);
  for (const column of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const outputsOfSeries = new Map<string, Column>();
    const count = (step: number): void => {
      if (column.present[step] === 0) return;
      const histogram = column.present[step] === 2 ? column.histograms![step]! : undefined;
      const text = histogram ? formatHistogram(histogram, formatShort) : formatPlain(column.values[step]!);
      let output = outputsOfSeries.get(text);
      if (output === undefined) {
        const labels = labelsOf(column.labels.with(Labels.of([[label, text]])));
        output = outputs.get(labels.key);
        if (output === undefined) {
          memory.addLabels(labels);
          memory.addText(text.length);
          memory.addEntry(labels.key);
          output = evaluator.newColumn(labels);
          outputs.set(labels.key, output);
        }
        outputsOfSeries.set(text, output);
      }
      output.values[step] = output.present[step] === 1 ? output.values[step]! + 1 : 1;
      output.present[step] = 1;
    };
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) count(step);
    });
    if (running !== undefined) await running;
  }
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, {
    ...evaluator.vector([...outputs.values()]),
    labelBytes: memory.bytes,
  });
}
