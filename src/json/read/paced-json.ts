// Parses JSON of regions in time slices, and accounts for the values that it creates.

import type { Pacer } from '../../runtime/index.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
} from '../byte.js';
import { unescape } from './labels-parser.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';
import { isLiteral } from './value-scanner.js';

/** Memory of values in bytes, besides the characters of strings. Measured on Node.js 20 with small containers. */
const VALUE_BYTES = 24;
const CONTAINER_BYTES = 72;

/** Maximum number of members of an object: no document of a region has more, and reading them takes one turn. */
const MAX_MEMBERS = 10_000;

/** Number of values that are parsed between two checks of the pacer. */
const VALUES_EACH = 1024;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const KEYWORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false],
]);
const MAX_LITERAL_BYTES = 400;

/**
 * Parses a JSON value whose brackets, strings and nesting `ValueScanner` has checked. Objects have no prototype; the last
 * value of a repeated name wins. Half of a surrogate pair becomes U+FFFD.
 *
 * @param reserve called with the bytes that the next values hold, before they are created.
 * @throws PromfedError `upstream` when the bytes are not one JSON value, or an object has more than 10,000 members; what
 *   `reserve` and `Pacer.pause` throw.
 */
export async function parsePaced(
  bytes: Buffer,
  pacer: Pacer,
  reserve: (bytes: number) => void,
): Promise<unknown> {
  const parser = new JsonParser(bytes, reserve);
  while (!parser.parse(VALUES_EACH)) if (pacer.due) await pacer.pause();
  return parser.result;
}

/** Parses a JSON value of up to a megabyte, whose nesting `ValueScanner` has checked. */
export function parseSmall(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalidAnswer('a member is not valid JSON', { cause: error });
  }
}

type Container = unknown[] | Record<string, unknown>;

/** A parser with its own stack, which can stop between two values. */
class JsonParser {
  readonly #bytes: Buffer;
  readonly #reserve: (bytes: number) => void;
  #pos = 0;
  readonly #stack: Container[] = [];
  /** Names of the members that are being parsed, by depth. Unused for lists. */
  readonly #keys: string[] = [];
  /** Numbers of their members so far. */
  readonly #members: number[] = [];
  result: unknown;

  constructor(bytes: Buffer, reserve: (bytes: number) => void) {
    this.#bytes = bytes;
    this.#reserve = reserve;
  }

  /** Parses up to `values` more values. Returns true when everything has been parsed. */
  parse(values: number): boolean {
    const bytes = this.#bytes;
    for (let n = 0; n < values; n++) {
      const pos = skipSpace(bytes, this.#pos, bytes.length);
      const byte = bytes[pos];
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (!this.#open(byte, pos)) continue;
      } else if (byte === QUOTE) {
        this.#add(this.#string(pos));
      } else {
        this.#add(this.#literal(pos));
      }
      if (this.#isComplete()) return true;
    }
    return false;
  }

  /** Opens a container. Returns true when it is empty, and therefore complete. */
  #open(byte: number, pos: number): boolean {
    this.#reserve(CONTAINER_BYTES);
    const container = byte === OPEN_BRACE ? (Object.create(null) as Record<string, unknown>) : [];
    this.#pos = skipSpace(this.#bytes, pos + 1, this.#bytes.length);
    // Both closing bytes are their opening byte plus 2.
    if (this.#bytes[this.#pos] === byte + 2) {
      this.#pos++;
      this.#add(container);
      return true;
    }
    this.#stack.push(container);
    this.#members[this.#stack.length] = 0;
    if (byte === OPEN_BRACE) this.#readKey();
    return false;
  }

  /** Adds a value to the innermost container. */
  #add(value: unknown): void {
    const container = this.#stack.at(-1);
    if (container === undefined) this.result = value;
    else if (Array.isArray(container)) container.push(value);
    else container[this.#keys[this.#stack.length]!] = value;
  }

  /** Closes containers that end after a value, and moves to the next value. Returns true at the end. */
  #isComplete(): boolean {
    const bytes = this.#bytes;
    const end = bytes.length;
    for (;;) {
      const pos = skipSpace(bytes, this.#pos, end);
      const container = this.#stack.at(-1);
      if (container === undefined) {
        if (pos < end) throw unexpectedByte(bytes[pos]!, 'after the end of a value');
        return true;
      }
      const isList = Array.isArray(container);
      const byte = bytes[pos]!;
      this.#pos = pos + 1;
      if (byte === COMMA) {
        if (!isList) {
          this.#pos = skipSpace(bytes, this.#pos, end);
          this.#readKey();
        }
        return false;
      }
      if (byte !== (isList ? CLOSE_BRACKET : CLOSE_BRACE)) throw unexpectedByte(byte, 'after a value');
      this.#stack.pop();
      this.#add(container);
    }
  }

  #readKey(): void {
    const bytes = this.#bytes;
    if (bytes[this.#pos] !== QUOTE) throw invalidAnswer('a member has no name');
    const depth = this.#stack.length;
    if (++this.#members[depth]! > MAX_MEMBERS) {
      throw invalidAnswer(`an object has more than ${MAX_MEMBERS} members`);
    }
    this.#keys[depth] = this.#string(this.#pos);
    const pos = skipSpace(bytes, this.#pos, bytes.length);
    if (bytes[pos] !== COLON) throw invalidAnswer('a member has no value');
    this.#pos = pos + 1;
  }

  /** Reads the string at `pos` and moves past it. */
  #string(pos: number): string {
    const bytes = this.#bytes;
    let end = pos + 1;
    let all = 0;
    let isEscaped = false;
    for (; end < bytes.length && bytes[end] !== QUOTE; end++) {
      const byte = bytes[end]!;
      all |= byte;
      if (byte === BACKSLASH) {
        isEscaped = true;
        end++;
      }
    }
    this.#reserve(VALUE_BYTES + (all < 0x80 && !isEscaped ? end - pos : 2 * (end - pos)));
    this.#pos = end + 1;
    if (isEscaped) return unescape(bytes, pos, end + 1);
    return bytes.toString(all < 0x80 ? 'latin1' : 'utf8', pos + 1, end);
  }

  #literal(pos: number): unknown {
    const bytes = this.#bytes;
    let end = pos;
    while (end < bytes.length && isLiteral(bytes[end]!)) end++;
    const text = bytes.toString('latin1', pos, Math.min(end, pos + MAX_LITERAL_BYTES));
    this.#pos = end;
    if (KEYWORDS.has(text)) return KEYWORDS.get(text);
    if (end - pos > MAX_LITERAL_BYTES || !NUMBER.test(text)) throw invalidAnswer('a value is not JSON');
    this.#reserve(VALUE_BYTES);
    return Number(text);
  }
}
