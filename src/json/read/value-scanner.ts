// Finds where one JSON value ends, over any number of chunks, without keeping or decoding a byte of it.

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  QUOTE,
  DOT,
  ZERO,
} from '../byte.js';
import { invalidAnswer, printByte } from './upstream-answer-error.js';

/** The deepest nesting that is read. VictoriaMetrics' traces are the deepest values that real servers send. */
const MAX_DEPTH = 256;

const NOTHING = 0;
const STRING = 1;
const LITERAL = 2;
const CONTAINER = 3;

/**
 * A resumable scanner of one value: brackets must match, strings must end and hold no raw control characters.
 * Commas, colons and the spelling of numbers are not looked at.
 */
export class ValueScanner {
  #kind = NOTHING;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The bytes that close the containers that are open, outermost first. */
  readonly #closers: number[] = [];

  /** Starts anew, before the first byte of a value. */
  begin(): void {
    this.#kind = NOTHING;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /** Starts anew, inside a container whose opening byte was already read; its end is the value's end. */
  beginInside(closer: typeof CLOSE_BRACE | typeof CLOSE_BRACKET): void {
    this.begin();
    this.#kind = CONTAINER;
    this.#closers[this.#depth++] = closer;
  }

  /**
   * Reads on.
   *
   * @returns the index after the value's last byte, or −1 when all was read and the value goes on.
   * @throws PromfedError `upstream` when it is not JSON or is nested too deeply.
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
          throw invalidAnswer(`${printByte(byte)} inside a string`);
        }
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#depth >= MAX_DEPTH) throw invalidAnswer(`nested deeper than ${MAX_DEPTH} levels`);
        // Both closing bytes stand two above their opening ones.
        this.#closers[this.#depth++] = byte + 2;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (byte !== this.#closers[--this.#depth]) throw invalidAnswer(`unexpected ${printByte(byte)}`);
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
  throw invalidAnswer(`unexpected ${printByte(byte)} where a value must begin`);
}

/** Whether a byte can be part of a number, `true`, `false` or `null`. */
function isLiteral(byte: number): boolean {
  return (
    (byte >= ZERO && byte <= NINE) ||
    byte === MINUS ||
    byte === PLUS ||
    byte === DOT ||
    ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
  );
}
