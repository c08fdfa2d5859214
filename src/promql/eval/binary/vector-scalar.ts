// Binary operators with a scalar on at least one side.

import { PromfedError, type Column } from '../../../model/index.js';
import { isArithmetic, isComparison, isTrim } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';
import {
  createOutputColumn,
  hasHistograms,
  mergeSameLabels,
  removeName,
  type ColumnIdentity,
} from '../columns.js';
import type { Evaluator, ScalarOperand, VectorOperand } from '../evaluator.js';
import { ARITHMETIC, COMPARISON } from './operators.js';
import {
  createFloatOperator,
  createSampleOperator,
  putSample,
  sampleAt,
  type FloatOperator,
  type SampleOperator,
  type SampleValue,
} from './sample-operator.js';

/**
 * Applies an operator to two scalars. A comparison returns 1 or 0, with and without `bool`.
 *
 * Source: Prometheus, promql/engine.go (`scalarBinop`).
 *
 * @throws PromfedError `execution` for a trim operator.
 */
export async function evalScalarScalar(
  evaluator: Evaluator,
  { op }: BinaryNode,
  lhs: ScalarOperand,
  rhs: ScalarOperand,
): Promise<ScalarOperand> {
  let compute: (a: number, b: number) => number;
  if (isArithmetic(op)) {
    compute = ARITHMETIC[op];
  } else if (isComparison(op)) {
    const holds = COMPARISON[op];
    compute = (a, b) => (holds(a, b) ? 1 : 0);
  } else {
    throw new PromfedError('execution', `operator "${op}" not allowed for Scalar operations`);
  }
  const result = await evaluator.newScalar((step) => compute(lhs.values[step]!, rhs.values[step]!));
  evaluator.release(lhs, rhs);
  return result;
}

/**
 * Applies an operator to a vector and a scalar. Arithmetic maps each sample, a comparison filters samples or, with
 * `bool`, returns 1 or 0. A filter keeps the value and the name of the vector's sample on either side of the operator.
 * A trimmed histogram keeps its name.
 *
 * Source: Prometheus, promql/engine.go (`VectorscalarBinop`).
 */
export async function evalVectorScalar(
  evaluator: Evaluator,
  node: BinaryNode,
  vector: VectorOperand,
  scalar: ScalarOperand,
  isScalarLeft: boolean,
): Promise<VectorOperand> {
  const { op, returnBool } = node;
  const { pacer, grid } = evaluator;
  const apply = createFloatOperator(evaluator, node, isScalarLeft);
  const applyAny = hasHistograms(vector)
    ? withScalar(createSampleOperator(evaluator, node, apply), apply, isScalarLeft)
    : undefined;
  const keepsName = (isComparison(op) && !returnBool) || isTrim(op);
  const columns = [];
  for (const column of vector.columns) {
    if (pacer.due) await pacer.pause();
    const identity = keepsName ? column : removeName(evaluator, column.labels);
    if (column.histograms !== undefined && applyAny !== undefined) {
      columns.push(await applyToSamples(evaluator, column, identity, scalar.values, applyAny));
      if (vector.held > 0) evaluator.budget.release(grid.count);
      continue;
    }
    const output = createOutputColumn(evaluator, vector, column, identity);
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (column.present[step] === 0) continue;
        const result = apply(column.values[step]!, scalar.values[step]!);
        output.present[step] = result === undefined ? 0 : 1;
        if (result !== undefined) output.values[step] = result;
      }
    });
    if (running !== undefined) await running;
    columns.push(output);
  }
  evaluator.release(scalar);
  return mergeSameLabels(evaluator, evaluator.inPlaceOf(vector, columns));
}

/** An operator on a sample of the vector and the scalar's value, whatever their sides. */
type ScalarSampleOperator = (value: SampleValue, scalar: number) => SampleValue | undefined;

function withScalar(any: SampleOperator, floats: FloatOperator, isScalarLeft: boolean): ScalarSampleOperator {
  return (value, scalar) => {
    if (typeof value === 'number') return floats(value, scalar);
    return isScalarLeft ? any(scalar, value) : any(value, scalar);
  };
}

/** Applies an operator to a column with histograms. The output is a new column, because histograms may be shared. */
async function applyToSamples(
  evaluator: Evaluator,
  column: Column,
  { labels, dropsName }: ColumnIdentity,
  scalars: Float64Array,
  apply: ScalarSampleOperator,
): Promise<Column> {
  const { pacer, grid } = evaluator;
  const output = evaluator.newHistogramColumn(labels, dropsName);
  for (let step = 0; step < grid.count; step++) {
    if (column.present[step] === 0) continue;
    if (pacer.due) await pacer.pause();
    const result = apply(sampleAt(column, step), scalars[step]!);
    if (result !== undefined) putSample(evaluator, output, step, result);
  }
  return output;
}
