// The order of texts in which numbers count as numbers: what sort_by_label sorts by.

import { compareStrings } from '../../../model/index.js';

/** Beyond this a run of digits is compared as text, as it does not fit Go's int. */
const MAX_INT = 2n ** 63n - 1n;

/**
 * Compares run by run, a run being all digits or all something else: two runs of digits as integers, others by
 * their bytes; the text that ends first comes first.
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

function tryInteger(run: string): bigint | undefined {
  if (!/^[0-9]/.test(run)) return undefined;
  const significant = run.replace(/^0+/, '');
  if (significant.length > 19) return undefined;
  const value = BigInt(significant === '' ? '0' : significant);
  return value <= MAX_INT ? value : undefined;
}
