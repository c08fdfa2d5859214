// Binary operators on two samples, floats or native histograms.

import {
  divideHistogram,
  equalHistograms,
  multiplyHistogram,
  trimHistogram,
  tryAddHistograms,
  trySubtractHistograms,
  type Column,
  type Histogram,
} from '../../../model/index.js';
import { isArithmetic, isComparison, isTrim } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';
import { unsupported, type Evaluator, type HistogramColumn } from '../evaluator.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { ARITHMETIC, COMPARISON } from './operators.js';

/** The value of a sample. */
export type SampleValue = number | Histogram;

/** Returns the result for two floats, or `undefined` when a comparison filters it out. */
export type FloatOperator = (l: number, r: number) => number | undefined;

/** Returns the result for two samples, or `undefined` for no result. */
export type SampleOperator = (l: SampleValue, r: SampleValue) => SampleValue | undefined;

/** Returns the sample of a column at a step. The column must have one there. */
export function sampleAt({ values, present, histograms }: Column, step: number): SampleValue {
  return present[step] === 2 ? histograms![step]! : values[step]!;
}

/** Writes a sample to a column. Histograms are reserved from the budget. */
export function putSample(
  evaluator: Evaluator,
  column: HistogramColumn,
  step: number,
  sample: SampleValue,
): void {
  if (typeof sample === 'number') {
    column.values[step] = sample;
    column.present[step] = 1;
  } else {
    evaluator.putHistogram(column, step, sample);
  }
}

/**
 * Creates the operator on floats of an operation with a vector. A comparison without `bool` returns its first
 * argument. Trim operators have no result for floats and add an info.
 *
 * @param isSwapped true to call the operator with the right operand first.
 * @throws PromfedError `unsupported` for a set operator.
 */
export function createFloatOperator(
  evaluator: Evaluator,
  node: BinaryNode,
  isSwapped = false,
): FloatOperator {
  const { op, returnBool } = node;
  if (isArithmetic(op)) {
    const compute = ARITHMETIC[op];
    return isSwapped ? (r, l) => compute(l, r) : compute;
  }
  if (isTrim(op)) {
    return () => {
      evaluator.info(ANNOTATION_TEXTS.incompatibleTypes('float', op, 'float'), node);
      return undefined;
    };
  }
  if (!isComparison(op)) throw unsupported(`the operator ${op}`);
  const compare = COMPARISON[op];
  const holds: typeof compare = isSwapped ? (r, l) => compare(l, r) : compare;
  return returnBool ? (a, b) => (holds(a, b) ? 1 : 0) : (a, b) => (holds(a, b) ? a : undefined);
}

/**
 * Creates the operator on samples of an operation with a vector. Types that the operator does not support have no
 * result and add an info.
 *
 * Source: Prometheus, promql/engine.go (`vectorElemBinop`).
 *
 * @param floats the operator on two floats.
 */
export function createSampleOperator(
  evaluator: Evaluator,
  node: BinaryNode,
  floats: FloatOperator,
): SampleOperator {
  const { op, returnBool } = node;
  const incompatible = (left: string, right: string): SampleValue | undefined => {
    evaluator.info(ANNOTATION_TEXTS.incompatibleTypes(left, op, right), node);
    return undefined;
  };
  const compared = (holds: boolean, l: Histogram): SampleValue | undefined => {
    if (returnBool) return holds ? 1 : 0;
    return holds ? l : undefined;
  };
  return (l, r) => {
    if (typeof l === 'number') {
      if (typeof r === 'number') return floats(l, r);
      return op === '*' ? multiplyHistogram(r, l) : incompatible('float', 'histogram');
    }
    if (typeof r === 'number') {
      if (op === '*') return multiplyHistogram(l, r);
      if (isTrim(op)) return trimHistogram(l, r, op === '</' ? 'below' : 'above');
      return op === '/' ? divideHistogram(l, r) : incompatible('histogram', 'float');
    }
    if (op === '+' || op === '-') return combine(evaluator, node, l, r);
    if (op === '==') return compared(equalHistograms(l, r), l);
    if (op === '!=') return compared(!equalHistograms(l, r), l);
    return incompatible('histogram', 'histogram');
  };
}

/** Adds or subtracts two histograms. Returns `undefined`, with a warning, for incompatible bucket layouts. */
function combine(evaluator: Evaluator, node: BinaryNode, l: Histogram, r: Histogram): Histogram | undefined {
  const isSum = node.op === '+';
  const result = isSum ? tryAddHistograms(l, r) : trySubtractHistograms(l, r);
  const operation = isSum ? 'addition' : 'subtraction';
  if (result === undefined) {
    evaluator.warn(ANNOTATION_TEXTS.incompatibleLayouts(node.op), node);
    return undefined;
  }
  if (result.collision) evaluator.warn(ANNOTATION_TEXTS.collision(operation), node);
  if (result.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled(operation), node);
  return isSum ? result.histogram : { ...result.histogram, hint: 'gauge' };
}
