import { multiplyHistogram, PromfedError, type Column } from '../../model/index.js';
import type { NegateNode } from '../plan/index.js';
import { putSample, sampleAt } from './binary/sample-operator.js';
import { createOutputColumn, mergeSameLabels, removeName, type ColumnIdentity } from './columns.js';
import type { Evaluator, Operand } from './evaluator.js';

/** Negates a scalar or a vector. Source: Prometheus, promql/engine.go (`eval`, UnaryExpr). */
export async function evalNegate(evaluator: Evaluator, { input }: NegateNode): Promise<Operand> {
  const operand = await evaluator.evaluate(input);
  if (operand.type === 'scalar') {
    const { values } = operand;
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) values[step] = -values[step]!;
    });
    if (running !== undefined) await running;
    return operand;
  }
  if (operand.type !== 'vector')
    throw new PromfedError('internal', `unexpected operand of negation: ${operand.type}`);
  const columns = [];
  for (const column of operand.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const identity = removeName(evaluator, column.labels);
    if (column.histograms !== undefined) {
      columns.push(await negateHistograms(evaluator, column, identity));
      if (operand.held > 0) evaluator.budget.release(evaluator.grid.count);
      continue;
    }
    const output = createOutputColumn(evaluator, operand, column, identity);
    const running = evaluator.forSteps((fromStep, toStep) => {
      negateSteps(column, output, fromStep, toStep);
    });
    if (running !== undefined) await running;
    columns.push(output);
  }
  return mergeSameLabels(evaluator, evaluator.inPlaceOf(operand, columns));
}

/** Negates a column with histograms. The output is a new column, because histograms may be shared. */
async function negateHistograms(
  evaluator: Evaluator,
  column: Column,
  { labels, dropsName }: ColumnIdentity,
): Promise<Column> {
  const output = evaluator.newHistogramColumn(labels, dropsName);
  for (let step = 0; step < evaluator.grid.count; step++) {
    if (column.present[step] === 0) continue;
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const sample = sampleAt(column, step);
    putSample(evaluator, output, step, typeof sample === 'number' ? -sample : multiplyHistogram(sample, -1));
  }
  return output;
}

function negateSteps({ values, present }: Column, output: Column, fromStep: number, toStep: number): void {
  for (let step = fromStep; step < toStep; step++) {
    if (present[step] === 0) continue;
    output.values[step] = -values[step]!;
    output.present[step] = present[step]!;
  }
}
