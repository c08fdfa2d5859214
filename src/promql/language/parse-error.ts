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
    super('bad_data', `${new TextPositions(query).print(position.start)}: parse error: ${reason}`);
    this.position = position;
  }
}

/** The positions of one query. Printing one takes a time that hardly depends on the length of the query. */
export class TextPositions {
  readonly #length: number;
  /** Byte offset of the start of each line. */
  readonly #lineStarts: number[] = [0];

  constructor(query: string) {
    const bytes = Buffer.from(query, 'utf8');
    this.#length = bytes.length;
    for (let i = bytes.indexOf(0x0a); i !== -1; i = bytes.indexOf(0x0a, i + 1)) this.#lineStarts.push(i + 1);
  }

  /**
   * Prints a byte offset as `LINE:COLUMN`, both counted from 1, the column in bytes. Errors and annotations name positions
   * this way.
   *
   * Source: Prometheus, promql/parser/posrange (`StartPosInput`), including the texts for the empty query and for an
   * offset outside of the query.
   */
  print(offset: number): string {
    if (this.#length === 0) return 'unknown position';
    if (offset < 0 || offset > this.#length) return 'invalid position';
    let first = 0;
    let last = this.#lineStarts.length - 1;
    while (first < last) {
      const middle = Math.ceil((first + last) / 2);
      if (this.#lineStarts[middle]! <= offset) first = middle;
      else last = middle - 1;
    }
    return `${first + 1}:${offset - this.#lineStarts[first]! + 1}`;
  }
}
