// The place of a parse error, shown under the query.

import { printable, width } from './printable.js';

/** `LINE:COLUMN: parse error`, the column in bytes: how Prometheus and promfed name a place. */
const PLACE = /(?:^|[ :])([0-9]{1,9}):([0-9]{1,9}): parse error: /;

/** How much of a long line is shown on each side of the place. */
const AROUND = 60;

/**
 * Two lines, the line of the query and a caret under the place that the message names; empty when it names none, or
 * none in this query.
 */
export function pointAt(query: string, message: string): string {
  const [, lineText, columnText] = PLACE.exec(message) ?? [];
  if (lineText === undefined) return '';
  const line = query.split('\n')[Number(lineText) - 1];
  if (line === undefined) return '';
  const bytes = Buffer.from(line);
  const offset = Number(columnText) - 1;
  if (offset < 0 || offset > bytes.length) return '';
  const before = Array.from(bytes.subarray(0, offset).toString('utf8'));
  const after = Array.from(bytes.subarray(offset).toString('utf8'));
  const left = printable((before.length > AROUND ? '…' : '') + before.slice(-AROUND).join(''));
  const right = printable(after.slice(0, AROUND).join('') + (after.length > AROUND ? '…' : ''));
  return `  ${left}${right}\n  ${' '.repeat(width(left))}^\n`;
}
