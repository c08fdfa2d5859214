// The error of a query that is not PromQL, worded as Prometheus words it.

import { PromfedError } from '../../model/index.js';
import type { Position } from './ast.js';

/**
 * Why a query was refused. The message is `LINE:COLUMN: parse error: …`, both counted from 1, the column in bytes
 * of UTF-8. An HTTP handler puts `invalid parameter "query": ` in front.
 */
export class ParseError extends PromfedError {
  readonly position: Position;

  /** `query` is the whole text that was parsed, `reason` the message without its place. */
  constructor(query: string, position: Position, reason: string) {
    super('bad_data', `${printPlace(query, position.start)}: parse error: ${reason}`);
    this.position = position;
  }
}

/**
 * `LINE:COLUMN` of a byte offset in a query, both counted from 1, the column in bytes: how errors and annotations
 * name a place.
 *
 * Source: Prometheus, promql/parser/posrange (`StartPosInput`), the texts for the empty query and for an offset
 * outside of it included.
 */
export function printPlace(query: string, offset: number): string {
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
