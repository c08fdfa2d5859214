// timestamp and start_timestamp.

import type { Column } from '../../../model/index.js';
import type { CallNode } from '../../plan/index.js';
import { mapIdentities, mergeSameLabels, removeName, type ColumnIdentity } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { evalSelector } from '../selector.js';

/**
 * Evaluates timestamp: the timestamps of a selector's samples, or the step's time for any other argument.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalTimestampFunctionOverVectorSelector`).
 */
export async function evalTimestamp(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  if (arg.kind === 'selector') {
    return withoutNames(evaluator, await evalSelector(evaluator, arg, { field: 'timestamp' }));
  }
  const { grid, pacer } = evaluator;
  const vector = await evaluator.toOwned(await evaluator.evaluateVector(arg));
  const columns = vector.columns.map(({ labels, values, present }) => ({ labels, values, present }));
  for (const { values, present } of columns) {
    if (pacer.due) await pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (present[step] === 2) present[step] = 1;
        values[step] = (grid.startMs + step * grid.stepMs) / 1000;
      }
    });
    if (running !== undefined) await running;
  }
  return withoutNames(evaluator, { ...vector, columns });
}

/**
 * Evaluates start_timestamp: the start timestamps of a selector's samples. Empty for any other argument and for
 * samples without start timestamps.
 *
 * Source: Prometheus, promql/functions.go (`funcStartTimestamp`).
 */
export async function evalStartTimestamp(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  if (arg.kind === 'selector') {
    return withoutNames(evaluator, await evalSelector(evaluator, arg, { field: 'startTimestamp' }));
  }
  // Evaluated for its errors and annotations.
  evaluator.release(await evaluator.evaluateVector(arg));
  return evaluator.vector([]);
}

async function withoutNames(evaluator: Evaluator, vector: VectorOperand): Promise<VectorOperand> {
  const remove = ({ labels }: Column): ColumnIdentity => removeName(evaluator, labels);
  return mergeSameLabels(evaluator, await mapIdentities(evaluator, vector, remove));
}
