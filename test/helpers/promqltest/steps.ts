// Conversions of results to other steps.

import {
  emptyColumn,
  type Column,
  type Grid,
  type Histogram,
  type RawSeries,
  type Value,
} from '../../../src/model/index.js';

/** Returns one step of a result, as an instant query returns it. */
export function stepOf(value: Value, step: number): Value {
  if (value.type === 'scalar') return { ...value, values: value.values.subarray(step, step + 1) };
  if (value.type !== 'vector') return value;
  const columns = value.columns
    .filter(({ present }) => present[step] !== 0)
    .map((column) => ({
      ...column,
      values: column.values.subarray(step, step + 1),
      present: column.present.subarray(step, step + 1),
      ...(column.histograms === undefined ? {} : { histograms: column.histograms.slice(step, step + 1) }),
    }));
  return { ...value, columns };
}

/** Converts raw samples to a column. Undefined if a sample is not at a step of the grid. */
export function tryColumnOnGrid(
  { labels, timestamps, values, histograms }: RawSeries,
  grid: Grid,
): Column | undefined {
  const column = {
    ...emptyColumn(labels, grid.count),
    histograms: new Array<Histogram | undefined>(grid.count),
  };
  for (const [i, timeMs] of timestamps.entries()) {
    const step = (timeMs - grid.startMs) / grid.stepMs;
    if (!Number.isInteger(step) || step < 0 || step >= grid.count) return undefined;
    column.values[step] = values[i]!;
    column.present[step] = histograms?.[i] === undefined ? 1 : 2;
    column.histograms[step] = histograms?.[i];
  }
  return column;
}
