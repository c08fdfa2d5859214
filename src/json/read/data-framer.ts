// Frames an answer of the metadata API as its bytes arrive: its `data` element by element, members in any order.

import { OPEN_BRACE, OPEN_BRACKET } from '../byte.js';
import { AnswerGrammar, MEMBER, SKIPPED, type ValueKind } from './answer-grammar.js';
import { parseSmall } from './paced-json.js';
import { invalidAnswer } from './upstream-answer-error.js';

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

const MAX_KEY_BYTES = 1 << 16;

/**
 * A push parser: bytes go in through `feed`, the elements of `data` go to the receiver at once. At most one incomplete
 * value is kept. Values may be nested up to the limit of `ValueScanner`.
 */
export class DataFramer {
  readonly #receiver: DataReceiver;
  readonly #grammar: AnswerGrammar;
  /** Kinds of the received values. */
  readonly #element: ValueKind;
  readonly #data: ValueKind;
  readonly #members: Record<string, unknown> = {};
  #hasData = false;
  /** The error of a `data` of another form. It counts only when the answer is a success. */
  #formError: Error | undefined;

  constructor(receiver: DataReceiver) {
    this.#receiver = receiver;
    this.#element = { name: 'an element', maxBytes: receiver.maxBytes };
    this.#data = { name: 'the data', maxBytes: receiver.maxBytes };
    this.#grammar = new AnswerGrammar(MAX_KEY_BYTES, {
      notAnObject: () => invalidAnswer('the response is not an object'),
      beginMember: (key, inData, byte) => (inData ? this.#element : this.#beginMember(key, byte)),
      beginElement: (chunk, pos) => {
        const next = receiver.tryTake?.(chunk, pos, chunk.length) ?? -1;
        return next < 0 ? this.#grammar.scan(this.#element, chunk, pos) : next;
      },
      complete: (kind, value, key, inData) => {
        if (kind === MEMBER) this.#members[key] = parseSmall(value);
        else receiver.take(value, inData ? key : '');
      },
    });
  }

  /** False until the first brace. */
  get hasBegun(): boolean {
    return this.#grammar.hasBegun;
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
    this.#grammar.feed(chunk, 0);
  }

  /** Ends the answer. @throws PromfedError `upstream` when it is truncated, or a success whose `data` has another form. */
  end(): void {
    this.#grammar.end();
    if (this.#formError !== undefined && this.status === 'success') throw this.#formError;
  }

  #beginMember(key: string, byte: number): ValueKind | 'enter' {
    if (key !== 'data') return KEPT.has(key) ? MEMBER : SKIPPED;
    if (this.#hasData) throw invalidAnswer('duplicate member "data"');
    this.#hasData = true;
    const { form } = this.#receiver;
    if (form === 'value') return this.#data;
    if (byte === (form === 'list' ? OPEN_BRACKET : OPEN_BRACE)) return 'enter';
    // Some servers encode an empty list as null. No other value starts with this letter.
    const isEmptyList = form === 'list' && byte === 0x6e;
    if (!isEmptyList)
      this.#formError = invalidAnswer(`data is not ${form === 'list' ? 'a list' : 'an object'}`);
    return SKIPPED;
  }
}
