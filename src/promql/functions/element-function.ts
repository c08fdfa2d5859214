// Functions of one sample at a time: mathematics, clamps, rounding, dates.

import { DATE_FUNCTIONS } from './dates.js';

/** The result for a value at a step. */
export type ComputeElement = (value: number, step: number) => number;

/** A function that maps each sample of a vector by itself. The result loses the metric name. */
export interface ElementFunction {
  /** Binds the scalar arguments after the vector, in order, one value a step; a missing optional one is left out. */
  bind(args: readonly Float64Array[]): ComputeElement;
  /** Which steps have a result at all; absent when every one has. */
  keepsStep?(args: readonly Float64Array[]): (step: number) => boolean;
}

function unary(compute: (value: number) => number): ElementFunction {
  return { bind: () => compute };
}

/** Go's math.Min: −Inf wins over NaN. */
export function goMin(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

/** Go's math.Max: +Inf wins over NaN. */
export function goMax(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

/** Source: Prometheus, promql/functions.go (`funcRound`): ties go up; the inverse loses less precision. */
const round: ElementFunction = {
  bind: ([toNearest]) => {
    if (toNearest === undefined) return (value) => Math.floor(value + 0.5);
    return (value, step) => {
      const inverse = 1 / toNearest[step]!;
      return Math.floor(value * inverse + 0.5) / inverse;
    };
  },
};

/** Source: Prometheus, promql/functions.go (`clamp`): bounds that have crossed leave nothing. */
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
