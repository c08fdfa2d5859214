// Dispatch of function calls.

import { Labels } from '../../../model/index.js';
import {
  ELEMENT_FUNCTIONS,
  goMax,
  goMin,
  RANGE_FUNCTIONS,
  type ElementFunction,
} from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';
import { createOutputColumn, dropHistograms, mergeSameLabels, removeName } from '../columns.js';
import {
  unsupported,
  type Evaluator,
  type Operand,
  type ScalarOperand,
  type VectorOperand,
} from '../evaluator.js';
import { evalHistogramFunction, HISTOGRAM_FUNCTIONS } from '../histogram/histogram-functions.js';
import { evalHistogramFraction, evalHistogramQuantile } from '../histogram/histogram-quantile.js';
import { evalHistogramQuantiles } from '../histogram/histogram-quantiles.js';
import { evalRangeFunction } from '../range/range-function.js';
import { evalAbsent, evalAbsentOverTime } from './absent.js';
import { evalInfo } from './info.js';
import { evalLabelJoin, evalLabelReplace } from './labels.js';
import { evalSort, evalSortByLabel } from './sort.js';
import { evalStartTimestamp, evalTimestamp } from './timestamps.js';

type EvaluateCall = (evaluator: Evaluator, node: CallNode) => Operand | Promise<Operand>;

/** Functions that are not computed float by float, histogram by histogram or window by window. */
const SPECIAL_FUNCTIONS: ReadonlyMap<string, EvaluateCall> = new Map<string, EvaluateCall>([
  ['time', evalTime],
  ['pi', (evaluator) => evaluator.newScalar(() => Math.PI)],
  ['vector', evalVector],
  ['scalar', evalScalar],
  ['timestamp', evalTimestamp],
  ['start_timestamp', evalStartTimestamp],
  ['absent', evalAbsent],
  ['absent_over_time', evalAbsentOverTime],
  ['sort', (evaluator, node) => evalSort(evaluator, node, false)],
  ['sort_desc', (evaluator, node) => evalSort(evaluator, node, true)],
  ['label_replace', evalLabelReplace],
  ['label_join', evalLabelJoin],
  ['sort_by_label', (evaluator, node) => evalSortByLabel(evaluator, node, false)],
  ['sort_by_label_desc', (evaluator, node) => evalSortByLabel(evaluator, node, true)],
  ['histogram_quantile', (evaluator, node) => evalHistogramQuantile(evaluator, node)],
  ['histogram_quantiles', evalHistogramQuantiles],
  ['histogram_fraction', evalHistogramFraction],
  ['info', evalInfo],
  ['min_of', (evaluator, node) => evalScalarFunction(evaluator, node, goMin)],
  ['max_of', (evaluator, node) => evalScalarFunction(evaluator, node, goMax)],
]);

/** Reports whether calls of a function can be evaluated. */
export function isSupportedFunction(name: string): boolean {
  return [SPECIAL_FUNCTIONS, RANGE_FUNCTIONS, ELEMENT_FUNCTIONS, HISTOGRAM_FUNCTIONS].some((table) =>
    table.has(name),
  );
}

/**
 * Evaluates a function call.
 *
 * @throws PromfedError `unsupported` for a function that cannot be evaluated.
 */
export async function evalCall(evaluator: Evaluator, node: CallNode): Promise<Operand> {
  const special = SPECIAL_FUNCTIONS.get(node.func);
  if (special !== undefined) return special(evaluator, node);
  const rangeFunction = RANGE_FUNCTIONS.get(node.func);
  if (rangeFunction !== undefined) return evalRangeFunction(evaluator, node, rangeFunction);
  const histogramFunction = HISTOGRAM_FUNCTIONS.get(node.func);
  if (histogramFunction !== undefined) return evalHistogramFunction(evaluator, node, histogramFunction);
  const elementFunction = ELEMENT_FUNCTIONS.get(node.func);
  if (elementFunction !== undefined) return evalElementFunction(evaluator, node, elementFunction);
  throw unsupported(`${node.func}()`);
}

/** Applies a function to each float. Histograms are ignored. */
async function evalElementFunction(
  evaluator: Evaluator,
  node: CallNode,
  func: ElementFunction,
): Promise<VectorOperand> {
  const [vectorNode, ...scalarNodes] = node.args;
  const [vector, ...scalars] = await Promise.all([
    // Without an argument, date functions use the time of the step.
    vectorNode === undefined
      ? toVector(evaluator, evalTime(evaluator))
      : evaluator.evaluateVector(vectorNode),
    ...scalarNodes.map((arg) => evaluator.evaluateScalar(arg)),
  ]);
  const floats = await dropHistograms(evaluator, vector);
  const args = scalars.map((scalar) => scalar.values);
  const compute = func.bind(args);
  const keepsStep = func.keepsStep?.(args);
  const columns = [];
  for (const column of floats.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const output = createOutputColumn(evaluator, floats, column, removeName(evaluator, column.labels));
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (column.present[step] === 0) continue;
        const isKept = keepsStep === undefined || keepsStep(step);
        output.present[step] = isKept ? 1 : 0;
        if (isKept) output.values[step] = compute(column.values[step]!, step);
      }
    });
    if (running !== undefined) await running;
    columns.push(output);
  }
  evaluator.release(...scalars);
  return mergeSameLabels(evaluator, evaluator.inPlaceOf(floats, columns));
}

/** Applies a function to two scalars. */
async function evalScalarFunction(
  evaluator: Evaluator,
  node: CallNode,
  compute: (a: number, b: number) => number,
): Promise<ScalarOperand> {
  const [a, b] = await Promise.all([
    evaluator.evaluateScalar(node.args[0]!),
    evaluator.evaluateScalar(node.args[1]!),
  ]);
  const result = await evaluator.newScalar((step) => compute(a.values[step]!, b.values[step]!));
  evaluator.release(a, b);
  return result;
}

function evalTime(evaluator: Evaluator): ScalarOperand | Promise<ScalarOperand> {
  const { startMs, stepMs } = evaluator.grid;
  return evaluator.newScalar((step) => (startMs + step * stepMs) / 1000);
}

function evalVector(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  return toVector(evaluator, evaluator.evaluateScalar(node.args[0]!));
}

async function toVector(
  evaluator: Evaluator,
  scalar: ScalarOperand | Promise<ScalarOperand>,
): Promise<VectorOperand> {
  const { values } = await scalar;
  const present = new Uint8Array(evaluator.grid.count).fill(1);
  return evaluator.vector([{ labels: Labels.EMPTY, values, present }]);
}

/** Evaluates scalar: NaN unless there is exactly one float. Source: Prometheus, promql/functions.go (`funcScalar`). */
async function evalScalar(evaluator: Evaluator, node: CallNode): Promise<ScalarOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  const result = await evaluator.newScalar(() => NaN);
  const hasFloat = new Uint8Array(evaluator.grid.count);
  for (const { values, present } of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (present[step] !== 1) continue;
        result.values[step] = hasFloat[step] === 0 ? values[step]! : NaN;
        hasFloat[step] = 1;
      }
    });
    if (running !== undefined) await running;
  }
  evaluator.release(vector);
  return result;
}
