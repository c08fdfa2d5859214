// Parse errors in the words of Prometheus.

import { PromfedError } from '../../model/index.js';
import type { Position } from './ast.js';

/**
 * The error of an invalid query, with code `bad_data`. The message is `LINE:COLUMN: parse error: REASON`; line and
 * column are counted from 1, the column in bytes of UTF-8. HTTP handlers prepend `invalid parameter "query": `.
 */
export class ParseError extends PromfedError {
  readonly position: Position;

  /** `query` is the whole parsed text, `reason` the message without the position. */
  constructor(query: string, position: Position, reason: string) {
    super('bad_data', `${printPosition(query, position.start)}: parse error: ${reason}`);
    this.position = position;
  }
}

/**
 * Prints a byte offset in a query as `LINE:COLUMN`, both counted from 1, the column in bytes. Errors and annotations
 * name positions this way.
 *
 * Source: Prometheus, promql/parser/posrange (`StartPosInput`), including the texts for the empty query and for an
 * offset outside of the query.
 */
export function printPosition(query: string, offset: number): string {
  if (query === '') return 'unknown position';
  const bytes = Buffer.from(query, 'utf8');
  if (offset < 0 || offset > bytes.length) return 'invalid position';
  let line = 1;
  let lineStart = 0;
  for (let i = bytes.indexOf(0x0a); i !== -1 && i < offset; i = bytes.indexOf(0x0a, i + 1)) {
    line++;
    lineStart = i + 1;
  }
  return `${line}:${offset - lineStart + 1}`;
}
