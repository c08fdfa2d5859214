// The position of a parse error, marked under the query.

import { printable, width } from './printable.js';

/** `LINE:COLUMN: parse error`, with the column in bytes, as Prometheus and promfed print it. */
const POSITION = /(?:^|[ :])([0-9]{1,9}):([0-9]{1,9}): parse error: /;

/** The number of characters of a long line that are shown on each side of the position. */
const AROUND = 60;

/**
 * Returns two lines: the line of the query, and a caret under the position in the message. Empty when the message has no
 * position in this query.
 */
export function pointAt(query: string, message: string): string {
  const [, lineText, columnText] = POSITION.exec(message) ?? [];
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
