// Aggregations that take a group's columns one after another: sum, avg, count, min, max, group, stddev, stdvar.

import type { Column } from '../../../model/index.js';

export type AccumulatorOp = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar';

/**
 * Adds columns to a target, then finishes it. The target begins with nothing present. An accumulator serves one
 * group after another, and keeps scratch columns of its own.
 *
 * Source of all of them: Prometheus, promql/engine.go (`aggregation`).
 */
export interface Accumulator {
  add(column: Column, target: Column): void;
  finish(target: Column): void;
}

/** How many scratch columns `createAccumulator` allocates. */
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

export function createAccumulator(op: AccumulatorOp, count: number): Accumulator {
  switch (op) {
    case 'sum':
      return createSum(count);
    case 'avg':
      return createAvg(count);
    case 'count':
      return simple((seen) => seen + 1, 1);
    case 'group':
      return simple(() => 1, 1);
    case 'min':
      return simple((least, value) => (least > value || Number.isNaN(least) ? value : least));
    case 'max':
      return simple((most, value) => (most < value || Number.isNaN(most) ? value : most));
    case 'stddev':
      return createVariance(count, Math.sqrt);
    case 'stdvar':
      return createVariance(count, (variance) => variance);
  }
}

/** Begins with the first value, or with `first`, and goes on with `next`. */
function simple(next: (sofar: number, value: number) => number, first?: number): Accumulator {
  return {
    add: (column, { values, present }) => {
      for (let step = 0; step < values.length; step++) {
        if (column.present[step] === 0) continue;
        const value = column.values[step]!;
        if (present[step] === 0) {
          present[step] = 1;
          values[step] = first ?? value;
        } else {
          values[step] = next(values[step]!, value);
        }
      }
    },
    finish: () => undefined,
  };
}

/** A sum with Neumaier's compensation: the rule of `CompensatedSum`, over columns. */
function createSum(count: number): Accumulator {
  const compensation = new Float64Array(count);
  return {
    add: (column, { values, present }) => {
      for (let step = 0; step < count; step++) {
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
    },
    finish: ({ values, present }) => {
      for (let step = 0; step < count; step++) {
        if (present[step] === 1) values[step] = values[step]! + compensation[step]!;
      }
    },
  };
}

function addCompensated(sums: Float64Array, compensation: Float64Array, step: number, value: number): void {
  const sum = sums[step]!;
  const next = sum + value;
  if (next === Infinity || next === -Infinity) compensation[step] = 0;
  else if (Math.abs(sum) >= Math.abs(value)) compensation[step] = compensation[step]! + (sum - next + value);
  else compensation[step] = compensation[step]! + (value - next + sum);
  sums[step] = next;
}

/** The compensated sum by the count; an incremental mean from where the sum would overflow. */
function createAvg(count: number): Accumulator {
  const compensation = new Float64Array(count);
  const seen = new Float64Array(count);
  const incremental = new Uint8Array(count);
  return {
    add: (column, { values, present }) => {
      for (let step = 0; step < count; step++) {
        if (column.present[step] === 0) continue;
        const value = column.values[step]!;
        if (present[step] === 0) {
          present[step] = 1;
          values[step] = value;
          compensation[step] = 0;
          seen[step] = 1;
          incremental[step] = 0;
          continue;
        }
        const n = seen[step]! + 1;
        seen[step] = n;
        if (incremental[step] === 0) {
          const next = values[step]! + value;
          if (next !== Infinity && next !== -Infinity) {
            addCompensated(values, compensation, step, value);
            continue;
          }
          incremental[step] = 1;
          values[step] = values[step]! / (n - 1);
          compensation[step] = compensation[step]! / (n - 1);
        }
        const weight = (n - 1) / n;
        values[step] = values[step]! * weight;
        compensation[step] = compensation[step]! * weight;
        addCompensated(values, compensation, step, value / n);
      }
    },
    finish: ({ values, present }) => {
      for (let step = 0; step < count; step++) {
        if (present[step] === 0) continue;
        values[step] =
          incremental[step] === 1
            ? values[step]! + compensation[step]!
            : values[step]! / seen[step]! + compensation[step]! / seen[step]!;
      }
    },
  };
}

/** Welford's method, without compensation. A first value that is not finite spoils the whole. */
function createVariance(count: number, finish: (variance: number) => number): Accumulator {
  const mean = new Float64Array(count);
  const seen = new Float64Array(count);
  return {
    add: (column, { values, present }) => {
      for (let step = 0; step < count; step++) {
        if (column.present[step] === 0) continue;
        const value = column.values[step]!;
        if (present[step] === 0) {
          present[step] = 1;
          seen[step] = 1;
          mean[step] = value;
          values[step] = Number.isFinite(value) ? 0 : NaN;
          continue;
        }
        const n = seen[step]! + 1;
        seen[step] = n;
        const delta = value - mean[step]!;
        mean[step] = mean[step]! + delta / n;
        values[step] = values[step]! + delta * (value - mean[step]!);
      }
    },
    finish: ({ values, present }) => {
      for (let step = 0; step < count; step++) {
        if (present[step] === 1) values[step] = finish(values[step]! / seen[step]!);
      }
    },
  };
}
