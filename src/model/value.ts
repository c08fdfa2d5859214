// The result of evaluating an expression.

import type { RawSeries, Vector } from './series.js';

/** The result of an expression on a grid. */
export type Value = ScalarValue | VectorValue | StringValue | MatrixValue;

/** One value for each step. */
export interface ScalarValue {
  readonly type: 'scalar';
  readonly values: Float64Array;
}

export interface VectorValue {
  readonly type: 'vector';
  /** In arbitrary order unless `ordered`. Label sets are unique. Every column has a sample at one step or more. */
  readonly columns: Vector;
  /** True for an instant vector whose order is part of the result: that of sort, topk and operations on them. */
  readonly ordered: boolean;
}

export interface StringValue {
  readonly type: 'string';
  readonly value: string;
}

/** A range vector, which only an instant query returns. Sorted by labels, without stale markers. */
export interface MatrixValue {
  readonly type: 'matrix';
  readonly series: readonly RawSeries[];
}
