// absent and absent_over_time.

import { PromfedError, type Column, type Labels } from '../../../model/index.js';
import type { CallNode } from '../../plan/index.js';
import { dropEmptyColumns } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { tryExtendedFunction } from '../range/extension.js';
import { rangeArgument } from '../range/range-function.js';
import { evalRange } from '../range/range.js';
import { SlidingWindows } from '../range/sliding-windows.js';

/** Evaluates absent: 1 at each step at which the vector is empty. */
export async function evalAbsent(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  const output = await createOnes(evaluator, absentLabels(node));
  for (const { present } of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) if (present[step] !== 0) output.present[step] = 0;
    });
    if (running !== undefined) await running;
  }
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, evaluator.vector([output]));
}

/** Evaluates absent_over_time: 1 at each step whose window has no sample of any series. */
export async function evalAbsentOverTime(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const rangeNode = rangeArgument(node);
  // Rejects the modifiers anchored and smoothed.
  tryExtendedFunction(node, rangeNode);
  const range = await evalRange(evaluator, rangeNode);
  const output = await createOnes(evaluator, absentLabels(node));
  const windows = new SlidingWindows(evaluator, range);
  for (const series of range.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const { from, to } = await windows.slide(series);
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) if (to[step]! > from[step]!) output.present[step] = 0;
    });
    if (running !== undefined) await running;
  }
  windows.release();
  evaluator.rawBudget.release(range.held);
  return dropEmptyColumns(evaluator, evaluator.vector([output]));
}

async function createOnes(evaluator: Evaluator, labels: Labels): Promise<Column> {
  const column = evaluator.newColumn(labels);
  const running = evaluator.forSteps((fromStep, toStep) => {
    column.values.fill(1, fromStep, toStep);
    column.present.fill(1, fromStep, toStep);
  });
  if (running !== undefined) await running;
  return column;
}

function absentLabels({ func, absentLabels: labels }: CallNode): Labels {
  if (labels === undefined) throw new PromfedError('internal', `${func}() was planned without labels`);
  return labels;
}
