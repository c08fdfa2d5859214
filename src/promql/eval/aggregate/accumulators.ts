// Aggregations that process the columns of a group one after another.

import type { Column } from '../../../model/index.js';

/** Aggregations without a parameter. */
export type AccumulatorOp = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar';

/**
 * Aggregates the columns of a group into an output column, which starts empty. One accumulator serves one group after
 * another; its scratch columns are valid for a step once the output has a sample there.
 *
 * Source of all accumulators: Prometheus, promql/engine.go (`aggregation`).
 */
export interface Accumulator {
  /** Adds the samples of a column at the steps `fromStep` inclusive to `toStep` exclusive. Any sample counts as a float. */
  add(column: Column, output: Column, fromStep: number, toStep: number): void;
  /** Completes the output at some steps after the last column of the group. */
  finish(output: Column, fromStep: number, toStep: number): void;
}

/** The number of scratch columns that `createAccumulator` allocates for each operator. */
export const SCRATCH_COLUMNS: Readonly<Record<AccumulatorOp, number>> = {
  sum: 1,
  avg: 3,
  count: 0,
  min: 0,
  max: 0,
  group: 0,
  stddev: 2,
  stdvar: 2,
};

/** Creates the accumulator of an operator for columns of `count` steps. */
export function createAccumulator(op: AccumulatorOp, count: number): Accumulator {
  switch (op) {
    case 'sum':
      return new SumAccumulator(count);
    case 'avg':
      return new AvgAccumulator(count);
    case 'count':
      return createFold((total) => total + 1, 1);
    case 'group':
      return createFold(() => 1, 1);
    case 'min':
      return createFold((min, value) => (min > value || Number.isNaN(min) ? value : min));
    case 'max':
      return createFold((max, value) => (max < value || Number.isNaN(max) ? value : max));
    case 'stddev':
      return new VarianceAccumulator(count, Math.sqrt);
    case 'stdvar':
      return new VarianceAccumulator(count, (variance) => variance);
  }
}

/** Starts with `initial`, or with the first value, and combines each further value with `next`. */
function createFold(next: (current: number, value: number) => number, initial?: number): Accumulator {
  return {
    add: (column, { values, present }, fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (column.present[step] === 0) continue;
        const value = column.values[step]!;
        if (present[step] === 0) {
          present[step] = 1;
          values[step] = initial ?? value;
        } else {
          values[step] = next(values[step]!, value);
        }
      }
    },
    finish: () => undefined,
  };
}

/** A sum with Neumaier's compensation: `CompensatedSum` on columns. */
class SumAccumulator implements Accumulator {
  readonly #compensation: Float64Array;

  constructor(count: number) {
    this.#compensation = new Float64Array(count);
  }

  add(column: Column, { values, present }: Column, fromStep: number, toStep: number): void {
    const compensation = this.#compensation;
    for (let step = fromStep; step < toStep; step++) {
      if (column.present[step] === 0) continue;
      const value = column.values[step]!;
      if (present[step] === 0) {
        present[step] = 1;
        values[step] = value;
        compensation[step] = 0;
      } else {
        addCompensated(values, compensation, step, value);
      }
    }
  }

  finish({ values, present }: Column, fromStep: number, toStep: number): void {
    for (let step = fromStep; step < toStep; step++) {
      if (present[step] === 1) values[step] = values[step]! + this.#compensation[step]!;
    }
  }
}

function addCompensated(sums: Float64Array, compensation: Float64Array, step: number, value: number): void {
  const sum = sums[step]!;
  const next = sum + value;
  if (next === Infinity || next === -Infinity) compensation[step] = 0;
  else if (Math.abs(sum) >= Math.abs(value)) compensation[step] = compensation[step]! + (sum - next + value);
  else compensation[step] = compensation[step]! + (value - next + sum);
  sums[step] = next;
}

/** The compensated sum divided by the number of samples. Changes to an incremental mean before the sum overflows. */
class AvgAccumulator implements Accumulator {
  readonly #compensation: Float64Array;
  /** The number of samples added at each step. */
  readonly #sizes: Float64Array;
  /** 1 at steps whose output is an incremental mean instead of a sum. */
  readonly #isMean: Uint8Array;

  constructor(count: number) {
    this.#compensation = new Float64Array(count);
    this.#sizes = new Float64Array(count);
    this.#isMean = new Uint8Array(count);
  }

  add(column: Column, { values, present }: Column, fromStep: number, toStep: number): void {
    const compensation = this.#compensation;
    const sizes = this.#sizes;
    const isMean = this.#isMean;
    for (let step = fromStep; step < toStep; step++) {
      if (column.present[step] === 0) continue;
      const value = column.values[step]!;
      if (present[step] === 0) {
        present[step] = 1;
        values[step] = value;
        compensation[step] = 0;
        sizes[step] = 1;
        isMean[step] = 0;
        continue;
      }
      const size = sizes[step]! + 1;
      sizes[step] = size;
      if (isMean[step] === 0) {
        const next = values[step]! + value;
        if (next !== Infinity && next !== -Infinity) {
          addCompensated(values, compensation, step, value);
          continue;
        }
        isMean[step] = 1;
        values[step] = values[step]! / (size - 1);
        compensation[step] = compensation[step]! / (size - 1);
      }
      const weight = (size - 1) / size;
      values[step] = values[step]! * weight;
      compensation[step] = compensation[step]! * weight;
      addCompensated(values, compensation, step, value / size);
    }
  }

  finish({ values, present }: Column, fromStep: number, toStep: number): void {
    for (let step = fromStep; step < toStep; step++) {
      if (present[step] === 0) continue;
      const compensation = this.#compensation[step]!;
      const size = this.#sizes[step]!;
      values[step] =
        this.#isMean[step] === 1 ? values[step]! + compensation : values[step]! / size + compensation / size;
    }
  }
}

/** The variance by Welford's method, without compensation. NaN if the first value is not finite. */
class VarianceAccumulator implements Accumulator {
  readonly #means: Float64Array;
  /** The number of samples added at each step. */
  readonly #sizes: Float64Array;
  readonly #finish: (variance: number) => number;

  constructor(count: number, finish: (variance: number) => number) {
    this.#means = new Float64Array(count);
    this.#sizes = new Float64Array(count);
    this.#finish = finish;
  }

  add(column: Column, { values, present }: Column, fromStep: number, toStep: number): void {
    const means = this.#means;
    const sizes = this.#sizes;
    for (let step = fromStep; step < toStep; step++) {
      if (column.present[step] === 0) continue;
      const value = column.values[step]!;
      if (present[step] === 0) {
        present[step] = 1;
        sizes[step] = 1;
        means[step] = value;
        values[step] = Number.isFinite(value) ? 0 : NaN;
        continue;
      }
      const size = sizes[step]! + 1;
      sizes[step] = size;
      const delta = value - means[step]!;
      means[step] = means[step]! + delta / size;
      values[step] = values[step]! + delta * (value - means[step]!);
    }
  }

  finish({ values, present }: Column, fromStep: number, toStep: number): void {
    for (let step = fromStep; step < toStep; step++) {
      if (present[step] === 1) values[step] = this.#finish(values[step]! / this.#sizes[step]!);
    }
  }
}
