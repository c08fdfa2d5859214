// Frames an answer of the metadata API as its bytes arrive: its `data` element by element, members in any order.

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
import { parseSmall } from './paced-json.js';
import { SpanningValue } from './spanning-value.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

/** Receives the `data` of one answer. */
export interface DataReceiver {
  /** The form of `data`: a list whose elements are received, an object whose members are, or any value as a whole. */
  readonly form: 'list' | 'object' | 'value';
  /** Maximum size of a received value in bytes. */
  readonly maxBytes: number;
  /**
   * Receives an element of a list, a member of an object, or the whole value: one JSON value whose brackets match. Its
   * bytes may be kept, but an element shares its memory with others.
   *
   * @param name of the member; empty for the other forms.
   * @throws PromfedError `upstream` when the value has another shape.
   */
  take(value: Buffer, name: string): void;
  /**
   * Receives the element of a list at `pos` if it is complete before `end` and of a common form.
   *
   * @returns the index after the element; −1 when it was not received, so that `take` receives it.
   */
  tryTake?(bytes: Buffer, pos: number, end: number): number;
}

/** Members of the envelope that are kept. Others are skipped. */
const KEPT: ReadonlySet<string> = new Set(['status', 'errorType', 'error', 'warnings', 'isPartial']);

/** Maximum size of the kept members, such as warnings and the text of an error. */
const MAX_MEMBER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 1 << 16;

// States, named after the token that must follow.
const START = 0;
const KEY_OR_CLOSE = 1;
const KEY = 2;
const AFTER_KEY = 3;
const VALUE = 4;
const AFTER_VALUE = 5;
const ELEMENT_OR_CLOSE = 6;
const ELEMENT = 7;
const AFTER_ELEMENT = 8;
/** The rest of a value for `#purpose`. */
const SCANNING = 9;
const DONE = 10;

// Purposes of a scanned value.
const FOR_KEY = 0;
const FOR_NOTHING = 1;
const FOR_MEMBER = 2;
const FOR_ELEMENT = 3;
const FOR_DATA = 4;

const NAMES = ['a member name', '', 'a member', 'an element', 'the data'] as const;

/**
 * A push parser: bytes go in through `feed`, the elements of `data` go to the receiver at once. At most one incomplete
 * value is kept. Values may be nested up to the limit of `ValueScanner`.
 */
export class DataFramer {
  readonly #receiver: DataReceiver;
  readonly #value = new SpanningValue();
  readonly #maxBytes: readonly number[];
  readonly #members: Record<string, unknown> = {};
  #state = START;
  #purpose = FOR_NOTHING;
  /** True inside the object `data`, false inside the envelope. */
  #inData = false;
  #hasData = false;
  /** The error of a `data` of another form. It counts only when the answer is a success. */
  #formError: Error | undefined;
  #key = '';

  constructor(receiver: DataReceiver) {
    this.#receiver = receiver;
    this.#maxBytes = [MAX_KEY_BYTES, 0, MAX_MEMBER_BYTES, receiver.maxBytes, receiver.maxBytes];
  }

  /** False until the first brace. */
  get hasBegun(): boolean {
    return this.#state !== START;
  }

  /** The `status` of the answer; undefined until it has arrived. */
  get status(): unknown {
    return this.#members['status'];
  }

  /** Kept members of the envelope that have arrived. */
  get members(): Readonly<Record<string, unknown>> {
    return this.#members;
  }

  /** True when the member `data` has arrived, at least its beginning. */
  get hasData(): boolean {
    return this.#hasData;
  }

  /**
   * Parses the next bytes. The framer must not be used after an error.
   *
   * @throws PromfedError `upstream` when the answer violates JSON or the API, `limit` when a value is too large; what the
   *   receiver throws.
   */
  feed(chunk: Buffer): void {
    const end = chunk.length;
    let pos = this.#state === SCANNING ? this.#scan(chunk, 0) : 0;
    while (pos >= 0 && pos < end) {
      const byte = chunk[pos]!;
      if (isSpace(byte)) {
        pos++;
        continue;
      }
      switch (this.#state) {
        case START:
          if (byte !== OPEN_BRACE) throw invalidAnswer('the response is not an object');
          this.#state = KEY_OR_CLOSE;
          pos++;
          break;
        case KEY_OR_CLOSE:
        case KEY:
          if (byte === QUOTE) {
            pos = this.#beginScan(FOR_KEY, chunk, pos);
          } else {
            if (byte !== CLOSE_BRACE || this.#state === KEY) throw unexpectedByte(byte);
            this.#closeObject();
            pos++;
          }
          break;
        case AFTER_KEY:
          if (byte !== COLON) throw unexpectedByte(byte);
          this.#state = VALUE;
          pos++;
          break;
        case VALUE:
          pos = this.#beginValue(byte, chunk, pos);
          break;
        case AFTER_VALUE:
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
          else if (byte === CLOSE_BRACKET) this.#state = AFTER_VALUE;
          else throw unexpectedByte(byte);
          pos++;
          break;
        default:
          throw unexpectedByte(byte, 'after the end of the answer');
      }
    }
  }

  /** Ends the answer. @throws PromfedError `upstream` when it is truncated, or a success whose `data` has another form. */
  end(): void {
    if (this.#state !== DONE) throw invalidAnswer('truncated');
    if (this.#formError !== undefined && this.status === 'success') throw this.#formError;
  }

  #closeObject(): void {
    this.#state = this.#inData ? AFTER_VALUE : DONE;
    this.#inData = false;
  }

  #beginValue(byte: number, chunk: Buffer, pos: number): number {
    if (this.#inData) return this.#beginScan(FOR_ELEMENT, chunk, pos);
    if (this.#key !== 'data') {
      return this.#beginScan(KEPT.has(this.#key) ? FOR_MEMBER : FOR_NOTHING, chunk, pos);
    }
    if (this.#hasData) throw invalidAnswer('duplicate member "data"');
    this.#hasData = true;
    const { form } = this.#receiver;
    if (form === 'value') return this.#beginScan(FOR_DATA, chunk, pos);
    if (byte === (form === 'list' ? OPEN_BRACKET : OPEN_BRACE)) {
      this.#inData = form === 'object';
      this.#state = form === 'list' ? ELEMENT_OR_CLOSE : KEY_OR_CLOSE;
      return pos + 1;
    }
    // Some servers encode an empty list as null. No other value starts with this letter.
    const isEmptyList = form === 'list' && byte === 0x6e;
    if (!isEmptyList)
      this.#formError = invalidAnswer(`data is not ${form === 'list' ? 'a list' : 'an object'}`);
    return this.#beginScan(FOR_NOTHING, chunk, pos);
  }

  #beginElement(byte: number, chunk: Buffer, pos: number): number {
    if (byte === CLOSE_BRACKET && this.#state === ELEMENT_OR_CLOSE) {
      this.#state = AFTER_VALUE;
      return pos + 1;
    }
    const next = this.#receiver.tryTake?.(chunk, pos, chunk.length) ?? -1;
    if (next < 0) return this.#beginScan(FOR_ELEMENT, chunk, pos);
    this.#state = AFTER_ELEMENT;
    return next;
  }

  #beginScan(purpose: number, chunk: Buffer, pos: number): number {
    this.#purpose = purpose;
    this.#value.begin(NAMES[purpose]!, this.#maxBytes[purpose]!);
    return this.#scan(chunk, pos);
  }

  /** Continues to scan a value. Returns the index after it; −1 when the chunk ends before it. */
  #scan(chunk: Buffer, from: number): number {
    const end = this.#value.scan(chunk, from);
    if (end < 0) this.#state = SCANNING;
    else if (this.#purpose === FOR_NOTHING) this.#state = AFTER_VALUE;
    else this.#complete(this.#value.take(chunk, from, end));
    return end;
  }

  /** Receives a complete value. */
  #complete(value: Buffer): void {
    switch (this.#purpose) {
      case FOR_KEY:
        this.#key = unescape(value, 0, value.length);
        this.#state = AFTER_KEY;
        return;
      case FOR_MEMBER:
        this.#members[this.#key] = parseSmall(value);
        this.#state = AFTER_VALUE;
        return;
      default:
        this.#state = this.#purpose === FOR_ELEMENT && !this.#inData ? AFTER_ELEMENT : AFTER_VALUE;
        this.#receiver.take(value, this.#inData ? this.#key : '');
    }
  }
}
