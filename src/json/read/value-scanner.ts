// Finds the end of a JSON value that may span chunks, without keeping or decoding its bytes.

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  DOT,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  QUOTE,
  ZERO,
} from '../byte.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

/** Maximum nesting. The traces of VictoriaMetrics are the most deeply nested values that real servers send. */
const MAX_DEPTH = 256;

const NOTHING = 0;
const STRING = 1;
const LITERAL = 2;
const CONTAINER = 3;

/**
 * A resumable scanner. It checks that brackets match and that strings end and contain no raw control characters. It does
 * not check commas, colons and the syntax of numbers.
 */
export class ValueScanner {
  #kind = NOTHING;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Closing bytes of the open containers, outermost first. */
  readonly #closers: number[] = [];

  /** Starts a value, before its first byte. */
  begin(): void {
    this.#kind = NOTHING;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /**
   * Reads `bytes[from, end)`.
   *
   * @returns the index after the value's last byte; −1 when the value continues after `end`.
   * @throws PromfedError `upstream` when the value is not JSON or is nested too deeply.
   */
  feed(bytes: Uint8Array, from: number, end: number): number {
    let pos = from;
    if (this.#kind === NOTHING) {
      if (pos >= end) return -1;
      this.#kind = kindOf(bytes[pos]!);
      if (this.#kind === STRING) {
        this.#inString = true;
        pos++;
      }
    }
    if (this.#kind === LITERAL) {
      while (pos < end) {
        if (!isLiteral(bytes[pos]!)) return pos;
        pos++;
      }
      return -1;
    }
    return this.#feedNested(bytes, pos, end);
  }

  #feedNested(bytes: Uint8Array, from: number, end: number): number {
    let inString = this.#inString;
    let pos = from;
    if (this.#escaped && pos < end) {
      this.#escaped = false;
      pos++;
    }
    for (; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (inString) {
        if (byte === QUOTE) {
          inString = false;
          if (this.#depth === 0) return pos + 1;
        } else if (byte === BACKSLASH) {
          if (++pos >= end) this.#escaped = true;
        } else if (byte < 0x20) {
          throw unexpectedByte(byte, 'inside a string');
        }
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#depth >= MAX_DEPTH) throw invalidAnswer(`nested deeper than ${MAX_DEPTH} levels`);
        // Both closing bytes are their opening byte plus 2.
        this.#closers[this.#depth++] = byte + 2;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (byte !== this.#closers[--this.#depth]) throw unexpectedByte(byte);
        if (this.#depth === 0) return pos + 1;
      }
    }
    this.#inString = inString;
    return -1;
  }
}

function kindOf(byte: number): number {
  if (byte === QUOTE) return STRING;
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return CONTAINER;
  if (isLiteral(byte)) return LITERAL;
  throw unexpectedByte(byte, 'where a value must start');
}

/** Reports whether a byte can be part of a number, `true`, `false` or `null`. */
export function isLiteral(byte: number): boolean {
  return (
    (byte >= ZERO && byte <= NINE) ||
    byte === MINUS ||
    byte === PLUS ||
    byte === DOT ||
    ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
  );
}
