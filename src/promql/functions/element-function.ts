// Elementwise functions, of one float sample at a time: mathematics, clamping, rounding, dates.

import { DATE_FUNCTIONS } from './dates.js';

/** Computes the result for a value at a step, counted from 0. */
export type ComputeElement = (value: number, step: number) => number;

/** A function of each sample of a vector. The result drops the metric name. */
export interface ElementFunction {
  /**
   * Binds the scalar arguments after the vector, in order. Each has one value for each step; a missing optional
   * argument is omitted.
   */
  bind(args: readonly Float64Array[]): ComputeElement;
  /** Returns a test for the steps that have a result. Missing when all steps have one. */
  keepsStep?(args: readonly Float64Array[]): (step: number) => boolean;
}

function unary(compute: (value: number) => number): ElementFunction {
  return { bind: () => compute };
}

/** The minimum as Go's math.Min computes it: −Inf takes precedence over NaN. */
export function goMin(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

/** The maximum as Go's math.Max computes it: +Inf takes precedence over NaN. */
export function goMax(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

/**
 * Rounds to the nearest multiple, ties up. Multiplying by the inverse loses less precision.
 *
 * Source: Prometheus, promql/functions.go (`funcRound`).
 */
const round: ElementFunction = {
  bind: ([toNearest]) => {
    if (toNearest === undefined) return (value) => Math.floor(value + 0.5);
    return (value, step) => {
      const inverse = 1 / toNearest[step]!;
      return Math.floor(value * inverse + 0.5) / inverse;
    };
  },
};

/** A step has no result when max < min. Source: Prometheus, promql/functions.go (`clamp`). */
const clamp: ElementFunction = {
  bind:
    ([min, max]) =>
    (value, step) =>
      goMax(min![step]!, goMin(max![step]!, value)),
  keepsStep:
    ([min, max]) =>
    (step) =>
      !(max![step]! < min![step]!),
};

/** Elementwise functions by name. */
export const ELEMENT_FUNCTIONS: ReadonlyMap<string, ElementFunction> = new Map<string, ElementFunction>([
  ['abs', unary(Math.abs)],
  ['ceil', unary(Math.ceil)],
  ['floor', unary(Math.floor)],
  ['exp', unary(Math.exp)],
  ['sqrt', unary(Math.sqrt)],
  ['ln', unary(Math.log)],
  ['log2', unary(Math.log2)],
  ['log10', unary(Math.log10)],
  ['sin', unary(Math.sin)],
  ['cos', unary(Math.cos)],
  ['tan', unary(Math.tan)],
  ['asin', unary(Math.asin)],
  ['acos', unary(Math.acos)],
  ['atan', unary(Math.atan)],
  ['sinh', unary(Math.sinh)],
  ['cosh', unary(Math.cosh)],
  ['tanh', unary(Math.tanh)],
  ['asinh', unary(Math.asinh)],
  ['acosh', unary(Math.acosh)],
  ['atanh', unary(Math.atanh)],
  ['rad', unary((value) => (value * Math.PI) / 180)],
  ['deg', unary((value) => (value * 180) / Math.PI)],
  ['sgn', unary((value) => (value < 0 ? -1 : value > 0 ? 1 : value))],
  ['round', round],
  ['clamp', clamp],
  [
    'clamp_min',
    {
      bind:
        ([min]) =>
        (value, step) =>
          goMax(min![step]!, value),
    },
  ],
  [
    'clamp_max',
    {
      bind:
        ([max]) =>
        (value, step) =>
          goMin(max![step]!, value),
    },
  ],
  ...[...DATE_FUNCTIONS].map(([name, compute]): [string, ElementFunction] => [name, unary(compute)]),
]);
