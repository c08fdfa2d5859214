// Natural order of strings, in which runs of digits compare as numbers. Used by sort_by_label.

import { compareStrings } from '../../../model/index.js';

/** Largest int in Go. Larger runs of digits compare as text. */
const MAX_INT = 2n ** 63n - 1n;

/** Number of characters that are compared at once. */
const BLOCK = 1024;

/**
 * Compares two strings by their runs of digits and of other characters: two runs of digits as integers, other runs by
 * their UTF-8 bytes. A prefix comes first. Returns a negative number, 0 or a positive number.
 *
 * Runs are found while they are compared, from the first difference on: a label value may have a million of them.
 *
 * Source: github.com/facette/natsort, which Prometheus' `funcSortByLabel` uses.
 */
export function compareNaturally(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    const equal = equalLength(a, i, b, j);
    const start = equal === 0 ? 0 : runStart(a, i, i + equal - 1) - i;
    i += start;
    j += start;
    const [endA, endB] = [runEnd(a, i), runEnd(b, j)];
    // One of them has no further run.
    if (endA === i || endB === j) return endA - i - (endB - j);
    const order = compareRuns(a.slice(i, endA), b.slice(j, endB));
    if (order !== 0) return order;
    i = endA;
    j = endB;
  }
}

/** Returns the number of equal units of `a` from `i` and of `b` from `j` on. */
function equalLength(a: string, i: number, b: string, j: number): number {
  const length = Math.min(a.length - i, b.length - j);
  let equal = 0;
  while (
    equal + BLOCK <= length &&
    a.substring(i + equal, i + equal + BLOCK) === b.substring(j + equal, j + equal + BLOCK)
  ) {
    equal += BLOCK;
  }
  while (equal < length && a.charCodeAt(i + equal) === b.charCodeAt(j + equal)) equal++;
  return equal;
}

/** Returns the first index, not before `from`, of the run that contains `at`. */
function runStart(text: string, from: number, at: number): number {
  const isDigits = isDigit(text, at);
  let start = at;
  while (start > from && isDigit(text, start - 1) === isDigits) start--;
  return start;
}

/** Returns the index after the run at `start`, which is `start` at the end of the text. */
function runEnd(text: string, start: number): number {
  const isDigits = isDigit(text, start);
  let end = start;
  while (end < text.length && isDigit(text, end) === isDigits) end++;
  return end;
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39;
}

function compareRuns(a: string, b: string): number {
  const [x, y] = [tryInteger(a), tryInteger(b)];
  if (x === undefined || y === undefined) return compareStrings(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Returns the value of a run of digits; undefined for other runs and beyond Go's int. */
function tryInteger(run: string): bigint | undefined {
  if (!isDigit(run, 0)) return undefined;
  const significant = run.replace(/^0+/, '');
  if (significant.length > 19) return undefined;
  const value = BigInt(significant === '' ? '0' : significant);
  return value <= MAX_INT ? value : undefined;
}
