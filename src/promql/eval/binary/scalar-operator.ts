// Binary operators with a scalar on at least one side.

import { PromfedError } from '../../../model/index.js';
import type { BinaryNode } from '../../plan/index.js';

import { mergeSameLabels, hasHistograms, createOutputColumn, removeName } from '../columns.js';
import { anyOperator, putSample, sampleOf, trimOfFloats } from './histogram-operator.js';
import { ARITHMETIC, COMPARISON, isArithmetic, isComparison, isTrim } from './operators.js';
import { unsupported, type ScalarOperand, type Evaluator, type VectorOperand } from '../evaluator.js';

/**
 * Between two scalars a comparison is 1 or 0, whether it says `bool` or not.
 *
 * @throws PromfedError `execution` for a trim operator. Source: Prometheus, promql/engine.go (`scalarBinop`).
 */
export function scalarScalar(
  evaluator: Evaluator,
  { op }: BinaryNode,
  lhs: ScalarOperand,
  rhs: ScalarOperand,
): ScalarOperand {
  let compute: (a: number, b: number) => number;
  if (isArithmetic(op)) {
    compute = ARITHMETIC[op];
  } else if (isComparison(op)) {
    const holds = COMPARISON[op];
    compute = (a, b) => (holds(a, b) ? 1 : 0);
  } else {
    throw new PromfedError('execution', `operator "${op}" not allowed for Scalar operations`);
  }
  const result = evaluator.newScalar((step) => compute(lhs.values[step]!, rhs.values[step]!));
  evaluator.release(lhs, rhs);
  return result;
}

/**
 * Between a vector and a scalar: arithmetic maps each sample, a comparison filters them, with `bool` it gives 1 or
 * 0. A filter keeps the vector's value and name, whichever side the vector is on; a trimmed histogram keeps its name.
 *
 * Source: Prometheus, promql/engine.go (`VectorscalarBinop`).
 */
export async function vectorScalar(
  evaluator: Evaluator,
  node: BinaryNode,
  vector: VectorOperand,
  scalar: ScalarOperand,
  scalarIsLeft: boolean,
): Promise<VectorOperand> {
  const { op, returnBool } = node;
  let apply: (value: number, other: number) => number | undefined;
  if (isArithmetic(op)) {
    const compute = ARITHMETIC[op];
    apply = scalarIsLeft ? (value, other) => compute(other, value) : compute;
  } else if (isComparison(op)) {
    const compare = COMPARISON[op];
    const holds = scalarIsLeft ? (value: number, other: number) => compare(other, value) : compare;
    apply = returnBool
      ? (value, other) => (holds(value, other) ? 1 : 0)
      : (value, other) => (holds(value, other) ? value : undefined);
  } else if (isTrim(op)) {
    apply = trimOfFloats(evaluator, node);
  } else {
    throw unsupported(`the operator ${op}`);
  }
  const keepsName = (isComparison(op) && !returnBool) || isTrim(op);
  const applyAny = hasHistograms(vector) ? anyOperator(evaluator, node, apply) : undefined;
  const columns = [];
  for (const column of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const identity = keepsName ? column : removeName(evaluator, column.labels);
    if (column.histograms !== undefined && applyAny !== undefined) {
      // Writes into new columns: the histograms of owned ones may still be shared.
      const target = evaluator.newHistogramColumn(identity.labels, identity.dropsName);
      for (let step = 0; step < evaluator.grid.count; step++) {
        if (column.present[step] === 0) continue;
        if (evaluator.pacer.due) await evaluator.pacer.pause();
        const [value, other] = [sampleOf(column, step), scalar.values[step]!];
        const result =
          column.present[step] === 1
            ? apply(value as number, other)
            : scalarIsLeft
              ? applyAny(other, value)
              : applyAny(value, other);
        if (result !== undefined) putSample(evaluator, target, step, result);
      }
      columns.push(target);
      if (vector.held > 0) evaluator.budget.release(evaluator.grid.count);
      continue;
    }
    const target = createOutputColumn(evaluator, vector, column, identity);
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (column.present[step] === 0) continue;
      const result = apply(column.values[step]!, scalar.values[step]!);
      target.present[step] = result === undefined ? 0 : 1;
      if (result !== undefined) target.values[step] = result;
    }
    columns.push(target);
  }
  evaluator.release(scalar);
  return mergeSameLabels(evaluator, evaluator.vector(columns, vector.ordered));
}
