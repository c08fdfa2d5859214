// The grammar of the API's answers as their bytes arrive: an object of members, with `data` as an object or a list.

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../byte.js';
import { unescape } from './labels-parser.js';
import { SpanningValue } from './spanning-value.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

/** The kind of a value that is scanned to its end. */
export interface ValueKind {
  /** The value in an error message, such as "a series". */
  readonly name: string;
  /** Maximum size. 0 for values of any size, which are not kept. */
  readonly maxBytes: number;
}

/** Values that are not kept. */
export const SKIPPED: ValueKind = { name: '', maxBytes: 0 };

/** Members that are kept, such as warnings and the text of an error. */
export const MEMBER: ValueKind = { name: 'a member', maxBytes: 1 << 20 };

/** Receives the parts of one answer. Each function throws PromfedError `upstream` when a part is invalid. */
export interface AnswerParts {
  /** Returns the error of an answer that does not begin with a brace. */
  readonly notAnObject: (chunk: Buffer, pos: number) => Error;
  /**
   * Receives the name of a member and the first byte of its value.
   *
   * @param inData true for members of the object that was entered, false for those of the answer.
   * @returns the kind of the value; or `enter` to receive the elements of a list, or the members of an object, one by one.
   */
  readonly beginMember: (key: string, inData: boolean, byte: number) => ValueKind | 'enter';
  /**
   * Receives the element of a list at `pos`, or calls `scan` or `scanList`.
   *
   * @returns the index after the element, or what was returned by `scan` or `scanList`.
   */
  readonly beginElement: (chunk: Buffer, pos: number, isFirst: boolean) => number;
  /** Receives a scanned value. @param key name of the member that has the value or its list. */
  readonly complete: (kind: ValueKind, value: Buffer, key: string, inData: boolean) => void;
}

// States, named after the token that must follow.
const START = 0;
const KEY_OR_CLOSE = 1;
const KEY = 2;
const AFTER_KEY = 3;
const MEMBER_VALUE = 4;
const AFTER_MEMBER = 5;
const ELEMENT_OR_CLOSE = 6;
const ELEMENT = 7;
const AFTER_ELEMENT = 8;
/** The rest of a value. */
const SCANNING = 9;
const DONE = 10;

const BRACKET = Buffer.from('[');

/**
 * A push parser of one answer, whose parts go to `AnswerParts` at once. Of the bytes fed, at most one incomplete value is
 * kept. It must not be used after an error.
 */
export class AnswerGrammar {
  readonly #parts: AnswerParts;
  readonly #keyKind: ValueKind;
  readonly #value = new SpanningValue();
  #state = START;
  /** State after the value that is scanned. */
  #nextState = START;
  #kind = SKIPPED;
  /** True inside the object that was entered. */
  #inData = false;
  #key = '';

  constructor(maxKeyBytes: number, parts: AnswerParts) {
    this.#keyKind = { name: 'a member name', maxBytes: maxKeyBytes };
    this.#parts = parts;
  }

  /** False until the first brace. */
  get hasBegun(): boolean {
    return this.#state !== START;
  }

  /**
   * Parses `chunk` from `from` on.
   *
   * @throws PromfedError `upstream` when the answer is not JSON, `limit` when a value is too large; errors of the parts.
   */
  feed(chunk: Buffer, from: number): void {
    const end = chunk.length;
    let pos = this.#state === SCANNING ? this.#scan(chunk, from) : from;
    while (pos >= 0 && pos < end) {
      const byte = chunk[pos]!;
      if (isSpace(byte)) {
        pos++;
        continue;
      }
      switch (this.#state) {
        case START:
          if (byte !== OPEN_BRACE) throw this.#parts.notAnObject(chunk, pos);
          this.#state = KEY_OR_CLOSE;
          pos++;
          break;
        case KEY_OR_CLOSE:
        case KEY:
          if (byte === QUOTE) {
            this.#nextState = AFTER_KEY;
            pos = this.scan(this.#keyKind, chunk, pos);
          } else {
            if (byte !== CLOSE_BRACE || this.#state === KEY) throw unexpectedByte(byte);
            this.#closeObject();
            pos++;
          }
          break;
        case AFTER_KEY:
          if (byte !== COLON) throw unexpectedByte(byte);
          this.#state = MEMBER_VALUE;
          pos++;
          break;
        case MEMBER_VALUE:
          pos = this.#beginMember(byte, chunk, pos);
          break;
        case AFTER_MEMBER:
          if (byte === COMMA) this.#state = KEY;
          else if (byte === CLOSE_BRACE) this.#closeObject();
          else throw unexpectedByte(byte);
          pos++;
          break;
        case ELEMENT_OR_CLOSE:
        case ELEMENT:
          pos = this.#beginElement(byte, chunk, pos);
          break;
        case AFTER_ELEMENT:
          if (byte === COMMA) this.#state = ELEMENT;
          else if (byte === CLOSE_BRACKET) this.#state = AFTER_MEMBER;
          else throw unexpectedByte(byte);
          pos++;
          break;
        default:
          throw unexpectedByte(byte, 'after the end of the answer');
      }
    }
  }

  /** Ends the answer. @throws PromfedError `upstream` when it is truncated. */
  end(): void {
    if (this.#state !== DONE) throw invalidAnswer('truncated');
  }

  /** Scans the value at `pos`. Returns the index after it; −1 when the chunk ends before it. */
  scan(kind: ValueKind, chunk: Buffer, pos: number): number {
    this.#begin(kind);
    return this.#scan(chunk, pos);
  }

  /** Scans a list as one value, from its first element at `pos`. Returns the same as `scan`. */
  scanList(kind: ValueKind, chunk: Buffer, pos: number): number {
    this.#nextState = AFTER_MEMBER;
    this.scan(kind, BRACKET, 0);
    return this.#scan(chunk, pos);
  }

  #begin(kind: ValueKind): void {
    this.#kind = kind;
    this.#value.begin(kind.name, kind.maxBytes);
  }

  #closeObject(): void {
    this.#state = this.#inData ? AFTER_MEMBER : DONE;
    this.#inData = false;
  }

  #beginMember(byte: number, chunk: Buffer, pos: number): number {
    const kind = this.#parts.beginMember(this.#key, this.#inData, byte);
    if (kind !== 'enter') {
      this.#nextState = AFTER_MEMBER;
      return this.scan(kind, chunk, pos);
    }
    if (byte === OPEN_BRACKET) {
      this.#state = ELEMENT_OR_CLOSE;
    } else {
      this.#inData = true;
      this.#state = KEY_OR_CLOSE;
    }
    return pos + 1;
  }

  #beginElement(byte: number, chunk: Buffer, pos: number): number {
    const isFirst = this.#state === ELEMENT_OR_CLOSE;
    if (byte === CLOSE_BRACKET && isFirst) {
      this.#state = AFTER_MEMBER;
      return pos + 1;
    }
    this.#state = AFTER_ELEMENT;
    this.#nextState = AFTER_ELEMENT;
    return this.#parts.beginElement(chunk, pos, isFirst);
  }

  /** Continues to scan a value. */
  #scan(chunk: Buffer, from: number): number {
    const end = this.#value.scan(chunk, from);
    if (end < 0) {
      this.#state = SCANNING;
      return end;
    }
    this.#state = this.#nextState;
    const kind = this.#kind;
    if (kind === SKIPPED) return end;
    const value = this.#value.take(chunk, from, end);
    if (kind === this.#keyKind) this.#key = unescape(value, 0, value.length);
    else this.#parts.complete(kind, value, this.#key, this.#inData);
    return end;
  }
}
