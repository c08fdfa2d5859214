// What the binary operators compute where at least one of two samples is a native histogram.

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
import type { BinaryNode } from '../../plan/index.js';

import { HISTOGRAM_TEXTS } from '../histogram/histogram-annotations.js';
import { isTrim } from './operators.js';
import type { HistogramColumn, Evaluator } from '../evaluator.js';

export type AnySample = number | Histogram;

/** The sample of a column at a step at which it has one. */
export function sampleOf({ values, present, histograms }: Column, step: number): AnySample {
  return present[step] === 2 ? histograms![step]! : values[step]!;
}

/** Writes a sample into a column. */
export function putSample(
  evaluator: Evaluator,
  column: HistogramColumn,
  step: number,
  sample: AnySample,
): void {
  if (typeof sample === 'number') {
    column.values[step] = sample;
    column.present[step] = 1;
  } else {
    evaluator.putHistogram(column, step, sample);
  }
}

/**
 * The result of two samples, undefined where there is none: filtered out by a comparison, or of types that the
 * operator is not made for, which an info tells.
 *
 * Source: Prometheus, promql/engine.go (`vectorElemBinop`).
 *
 * @param floats what the operator computes of two floats.
 */
export function anyOperator(
  evaluator: Evaluator,
  node: BinaryNode,
  floats: (l: number, r: number) => number | undefined,
): (l: AnySample, r: AnySample) => AnySample | undefined {
  const { op, returnBool } = node;
  const incompatible = (left: string, right: string): AnySample | undefined => {
    evaluator.info(HISTOGRAM_TEXTS.incompatibleTypes(left, op, right), node);
    return undefined;
  };
  const compared = (holds: boolean, l: Histogram): AnySample | undefined => {
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
    if (op === '+' || op === '-') return combined(evaluator, node, l, r);
    if (op === '==') return compared(equalHistograms(l, r), l);
    if (op === '!=') return compared(!equalHistograms(l, r), l);
    return incompatible('histogram', 'histogram');
  };
}

/** What a trim operator makes of two floats: nothing, and an info. */
export function trimOfFloats(evaluator: Evaluator, node: BinaryNode): () => undefined {
  return () => {
    evaluator.info(HISTOGRAM_TEXTS.incompatibleTypes('float', node.op, 'float'), node);
    return undefined;
  };
}

function combined(evaluator: Evaluator, node: BinaryNode, l: Histogram, r: Histogram): Histogram | undefined {
  const isSum = node.op === '+';
  const result = isSum ? tryAddHistograms(l, r) : trySubtractHistograms(l, r);
  const operation = isSum ? 'addition' : 'subtraction';
  if (result === undefined) {
    evaluator.warn(HISTOGRAM_TEXTS.incompatibleLayouts(node.op), node);
    return undefined;
  }
  if (result.collision) evaluator.warn(HISTOGRAM_TEXTS.collision(operation), node);
  if (result.reconciled) evaluator.info(HISTOGRAM_TEXTS.reconciled(operation), node);
  return isSum ? result.histogram : { ...result.histogram, hint: 'gauge' };
}
