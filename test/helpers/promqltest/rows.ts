// Comparison of a result with the rows of values of a script.

import type { Column, Grid, Labels } from '../../../src/model/index.js';

import type { WrittenHistogram } from '../../../src/rules/unit-test/histogram-notation.js';
import { matchesHistogram } from './histogram-notation.js';

/** A value of a script; undefined for a missing sample. */
export type Item = number | 'stale' | WrittenHistogram | undefined;

/** The expected values of one series. */
export interface Row {
  readonly labels: Labels;
  /** One value for each step. Missing values at the end are undefined. */
  readonly values: readonly Item[];
}

/**
 * Compares columns with the expected rows, in their order if `ordered`. Returns the difference, or `undefined`.
 */
export function compareColumns(
  columns: readonly Column[],
  expected: readonly Row[],
  grid: Grid,
  ordered: boolean,
): string | undefined {
  const actual = columns.map(({ labels, values, present, histograms }) => ({
    labels,
    values: [...values].map((sample, i) =>
      present[i] === 0 ? undefined : present[i] === 2 ? histograms![i]! : sample,
    ),
  }));
  const problem = `got ${print(actual)} for ${print(expected)}`;
  if (hasDuplicates(expected) || expected.some(({ values }) => values.length > grid.count)) {
    return `invalid expectation: ${print(expected)}`;
  }
  if (actual.length !== expected.length) return problem;
  if (hasDuplicates(actual)) return `duplicate series: ${problem}`;
  for (const [i, { labels, values }] of expected.entries()) {
    const match = ordered ? actual[i]! : actual.find((candidate) => candidate.labels.equals(labels));
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

function hasDuplicates(rows: readonly { readonly labels: Labels }[]): boolean {
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

/** Reports whether two floats are equal within a relative error of 1e-6, as in Prometheus' runner. */
export function near(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  return Math.abs(a - b) / (Math.abs(a) + Math.abs(b)) < 1e-6;
}
