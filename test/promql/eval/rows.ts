// Rows of values as a script expects them, against the columns of a result.

import type { Column, Grid, Labels } from '../../../src/model/index.js';

import { matchesHistogram, type WrittenHistogram } from './histogram-script.js';

/** A value as a script writes it; undefined for none. */
export type Item = number | 'stale' | WrittenHistogram | undefined;

export interface Row {
  readonly labels: Labels;
  /** One a step; none is there for the steps that are left out at the end. */
  readonly values: readonly Item[];
}

/**
 * What is wrong with the columns: each must be one of the rows, and each row one of them, in the order of the rows
 * where they are `ordered`. Undefined when nothing is.
 */
export function columnsProblem(
  columns: readonly Column[],
  wanted: readonly Row[],
  grid: Grid,
  ordered: boolean,
): string | undefined {
  const got = columns.map(({ labels, values, present, histograms }) => ({
    labels,
    values: [...values].map((sample, i) =>
      present[i] === 0 ? undefined : present[i] === 2 ? histograms![i]! : sample,
    ),
  }));
  const problem = `got ${print(got)} for ${print(wanted)}`;
  if (hasTwice(wanted) || wanted.some(({ values }) => values.length > grid.count))
    return `what is expected cannot be: ${print(wanted)}`;
  if (got.length !== wanted.length) return problem;
  if (hasTwice(got)) return `twice in ${problem}`;
  for (const [i, { labels, values }] of wanted.entries()) {
    const match = ordered ? got[i]! : got.find((candidate) => candidate.labels.equals(labels));
    if (!match?.labels.equals(labels)) return problem;
    for (let step = 0; step < grid.count; step++) {
      const [a, b] = [match.values[step], values[step]];
      if (a === undefined && b === undefined) continue;
      if (typeof a === 'object' && typeof b === 'object') {
        if (matchesHistogram(a, b, near)) continue;
        return problem;
      }
      if (typeof a !== 'number' || typeof b !== 'number' || !near(a, b)) return problem;
    }
  }
  return undefined;
}

function hasTwice(rows: readonly { readonly labels: Labels }[]): boolean {
  return new Set(rows.map(({ labels }) => labels.key)).size < rows.length;
}

function print(rows: readonly { readonly labels: Labels; readonly values: readonly unknown[] }[]): string {
  return rows
    .map(({ labels, values }) => `${labels.toString()} ${values.slice(0, 20).map(printSample).join(' ')}`)
    .join('; ');
}

function printSample(sample: unknown): string {
  return typeof sample === 'number' ? String(sample) : JSON.stringify(sample ?? '_');
}

/** Whether two floats are the same to a script. */
export function near(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  return Math.abs(a - b) / (Math.abs(a) + Math.abs(b)) < 1e-6;
}
