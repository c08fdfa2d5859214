// Frames an upstream's answer as its bytes arrive: series by series, members in any order.

import { Labels } from '../../model/index.js';
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
import type { ResponseTrailer, ResultType, SeriesFrame } from '../frame.js';
import { checkSamples } from './check-samples.js';
import { Envelope } from './envelope.js';
import { unescape } from './labels-parser.js';
import { parseSmall } from './paced-json.js';
import { endsSeries, SAMPLES_CONTINUE, SeriesParser } from './series-parser.js';
import { SpanningValue } from './spanning-value.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

export interface FramingOptions {
  /** Maximum size of a series, in bytes as the upstream sends it, and of its `metric` object. */
  readonly maxSeriesBytes: number;
  readonly maxLabelsBytes: number;
  /** True to check samples (`checkSamples`). */
  readonly checksSamples: boolean;
}

/** Maximum size of kept members of the envelope, such as warnings and the text of an error. */
const MAX_MEMBER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 4096;

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
/** The rest of a value for `#purpose`. */
const SCANNING = 9;
/** The rest of the samples of a series whose labels were parsed on the fast path. */
const IN_SAMPLES = 10;
const DONE = 11;

// Purposes of a scanned value.
const FOR_KEY = 0;
const FOR_NOTHING = 1;
const FOR_MEMBER = 2;
const FOR_SERIES = 3;
/** A series whose labels were parsed on the fast path. */
const FOR_SAMPLES = 4;
/** The result of a scalar or string answer. */
const FOR_SINGLE = 5;

/** Names of the values in error messages, by purpose. */
const NAMES = ['a member name', '', 'a member', 'a series', 'a series', 'the result'] as const;

const BRACE = Buffer.from('{');
const BRACKET = Buffer.from('[');
const VALUE_PREFIX = Buffer.from('"value":');

/**
 * A push parser: bytes go in through `feed`, frames come out through `take`.
 *
 * Unknown members are skipped and not kept. Of the bytes fed, at most one incomplete value is kept. Frames point into
 * the chunks, which must not change afterwards.
 */
export class ResponseFramer {
  readonly #series: SeriesParser;
  readonly #value = new SpanningValue();
  readonly #envelope = new Envelope();
  /** Maximum size of a value, by purpose. 0 for values that are not kept. */
  readonly #maxBytes: readonly number[];
  readonly #checksSamples: boolean;
  #frames: SeriesFrame[] = [];
  #state = START;
  #purpose = FOR_NOTHING;
  /** True inside the object `data`, false inside the envelope. */
  #inData = false;
  #key = '';
  /** A scalar or string result, until the result type is known. */
  #single: SeriesFrame | undefined;

  constructor({ maxSeriesBytes, maxLabelsBytes, checksSamples }: FramingOptions) {
    this.#checksSamples = checksSamples;
    this.#series = new SeriesParser(maxLabelsBytes);
    this.#maxBytes = [MAX_KEY_BYTES, 0, MAX_MEMBER_BYTES, maxSeriesBytes, maxSeriesBytes, MAX_MEMBER_BYTES];
  }

  /** Known after `resultType` or the first series. */
  get resultType(): ResultType | undefined {
    return this.#envelope.resultType;
  }

  /** Returns the frames that were completed since the last call. */
  take(): SeriesFrame[] {
    const taken = this.#frames;
    this.#frames = [];
    return taken;
  }

  /**
   * Parses the next bytes. The framer must not be used after an error.
   *
   * @throws PromfedError `upstream` when the answer violates JSON or the API, `limit` when a series is too large.
   */
  feed(chunk: Buffer): void {
    const end = chunk.length;
    let pos = 0;
    if (this.#state === SCANNING) pos = this.#scan(chunk, 0);
    else if (this.#state === IN_SAMPLES) pos = this.#feedSamples(chunk);
    while (pos >= 0 && pos < end) {
      const byte = chunk[pos]!;
      if (isSpace(byte)) {
        pos++;
        continue;
      }
      switch (this.#state) {
        case START:
          if (byte !== OPEN_BRACE) throw notJson(chunk, pos);
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

  /**
   * Ends the answer.
   *
   * @throws UpstreamAnswerError when the answer is an error; PromfedError `upstream` when it is truncated or a required
   *   member is missing.
   */
  end(): ResponseTrailer {
    if (this.#state === START) throw invalidAnswer('empty body');
    if (this.#state !== DONE) throw invalidAnswer('truncated');
    return this.#envelope.end();
  }

  #closeObject(): void {
    if (this.#inData) {
      this.#inData = false;
      this.#state = AFTER_MEMBER;
    } else {
      this.#state = DONE;
    }
  }

  #beginMember(byte: number, chunk: Buffer, pos: number): number {
    const key = this.#key;
    if (this.#inData) {
      if (key === 'resultType') return this.#beginScan(FOR_MEMBER, chunk, pos);
      if (key !== 'result') return this.#beginScan(FOR_NOTHING, chunk, pos);
      this.#envelope.beginResult();
      if (byte !== OPEN_BRACKET) return this.#beginScan(FOR_MEMBER, chunk, pos);
      this.#state = ELEMENT_OR_CLOSE;
      return pos + 1;
    }
    if (key === 'data') {
      this.#envelope.beginData();
      if (byte !== OPEN_BRACE) return this.#beginScan(FOR_MEMBER, chunk, pos);
      this.#inData = true;
      this.#state = KEY_OR_CLOSE;
      return pos + 1;
    }
    return this.#beginScan(this.#envelope.keeps(key) ? FOR_MEMBER : FOR_NOTHING, chunk, pos);
  }

  #beginElement(byte: number, chunk: Buffer, pos: number): number {
    if (byte === OPEN_BRACE) return this.#beginSeries(chunk, pos);
    if (this.#state === ELEMENT) throw unexpectedByte(byte);
    if (byte === CLOSE_BRACKET) {
      this.#state = AFTER_MEMBER;
      return pos + 1;
    }
    // The opening bracket of the result has been read.
    this.#beginScan(FOR_SINGLE, BRACKET, 0);
    return this.#scan(chunk, pos);
  }

  #beginSeries(chunk: Buffer, pos: number): number {
    const next = this.#series.tryParse(chunk, pos, chunk.length);
    if (next >= 0) {
      this.#push();
      return next;
    }
    if (next !== SAMPLES_CONTINUE) return this.#beginScan(FOR_SERIES, chunk, pos);
    this.#state = IN_SAMPLES;
    this.#begin(FOR_SAMPLES);
    this.#value.collect(chunk, this.#series.samplesStart, chunk.length);
    return -1;
  }

  /** Continues a series whose labels were parsed on the fast path. */
  #feedSamples(chunk: Buffer): number {
    const brace = chunk.indexOf(CLOSE_BRACE);
    if (brace < 0) {
      this.#value.collect(chunk, 0, chunk.length);
      return -1;
    }
    const samples = this.#value.take(chunk, 0, brace);
    if (endsSeries(samples)) {
      this.#series.samples = samples;
      this.#push();
      return brace + 1;
    }
    // The brace does not end the series: the collected bytes are scanned instead.
    this.#beginScan(FOR_SAMPLES, BRACE, 0);
    this.#scan(samples, 0);
    return this.#scan(chunk, brace);
  }

  #begin(purpose: number): void {
    this.#purpose = purpose;
    this.#value.begin(NAMES[purpose]!, this.#maxBytes[purpose]!);
  }

  #beginScan(purpose: number, chunk: Buffer, pos: number): number {
    this.#begin(purpose);
    return this.#scan(chunk, pos);
  }

  /** Continues to scan a value. Returns the index after it; −1 when the chunk ends before it. */
  #scan(chunk: Buffer, from: number): number {
    const end = this.#value.scan(chunk, from);
    if (end < 0) this.#state = SCANNING;
    else if (this.#purpose === FOR_NOTHING) this.#state = AFTER_MEMBER;
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
        this.#takeMember(parseSmall(value));
        this.#state = AFTER_MEMBER;
        return;
      case FOR_SERIES:
        this.#series.parse(value, 1, value.length - 1);
        this.#push();
        return;
      case FOR_SAMPLES:
        this.#series.parse(value, 1, value.length - 1, this.#series.labels);
        this.#push();
        return;
      default:
        this.#takeSingle(value);
        this.#state = AFTER_MEMBER;
    }
  }

  #takeMember(value: unknown): void {
    if (!this.#inData) {
      this.#envelope.take(this.#key, value);
    } else {
      this.#envelope.takeDataMember(this.#key, value);
      this.#pushSingle();
    }
  }

  #takeSingle(result: Buffer): void {
    const value = parseSmall(result);
    const isSample =
      Array.isArray(value) &&
      value.length === 2 &&
      typeof value[0] === 'number' &&
      typeof value[1] === 'string';
    if (!isSample) throw invalidAnswer('"result" is neither a list of series nor a time and a value');
    this.#single = { labels: Labels.EMPTY, samples: Buffer.concat([VALUE_PREFIX, result]) };
    this.#pushSingle();
  }

  #pushSingle(): void {
    if (this.#single === undefined || !this.#envelope.allowsSingleValue()) return;
    this.#frames.push(this.#single);
    this.#single = undefined;
  }

  /** Adds the series that the series parser holds. */
  #push(): void {
    const { labels, samples, members } = this.#series;
    this.#state = AFTER_ELEMENT;
    this.#envelope.takeSeries(members);
    if (this.#checksSamples) checkSamples(samples);
    this.#frames.push({ labels, samples });
  }
}

/** The error of an answer that does not start as JSON does, such as an HTML page. */
function notJson(chunk: Buffer, pos: number): Error {
  const start = chunk
    .toString('latin1', pos, pos + 60)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return invalidAnswer(`not JSON; it starts with ${JSON.stringify(start)}`);
}
