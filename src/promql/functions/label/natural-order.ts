// Natural order of strings, in which runs of digits compare as numbers. Used by sort_by_label.

import { compareStrings } from '../../../model/index.js';

/** Largest int in Go. Larger runs of digits compare as text. */
const MAX_INT = 2n ** 63n - 1n;

/**
 * Compares two strings by their runs of digits and of other characters: two runs of digits as integers, other runs by
 * their UTF-8 bytes. A prefix comes first. Returns a negative number, 0 or a positive number.
 *
 * Source: github.com/facette/natsort, which Prometheus' `funcSortByLabel` uses.
 */
export function compareNaturally(a: string, b: string): number {
  const left = a.match(RUNS) ?? [];
  const right = b.match(RUNS) ?? [];
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const order = compareRuns(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const RUNS = /[0-9]+|[^0-9]+/g;

function compareRuns(a: string, b: string): number {
  const [x, y] = [tryInteger(a), tryInteger(b)];
  if (x === undefined || y === undefined) return compareStrings(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Returns the value of a run of digits; undefined for other runs and beyond Go's int. */
function tryInteger(run: string): bigint | undefined {
  if (!/^[0-9]/.test(run)) return undefined;
  const significant = run.replace(/^0+/, '');
  if (significant.length > 19) return undefined;
  const value = BigInt(significant === '' ? '0' : significant);
  return value <= MAX_INT ? value : undefined;
}
