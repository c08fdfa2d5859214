// Frames an upstream's answer as its bytes come in: series by series, members in any order. What they say is Envelope's.

import { Labels } from '../../model/index.js';
import { ByteCollector } from './byte-collector.js';
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
import { Envelope } from './envelope.js';
import type { ResponseTrailer, ResultType, SeriesFrame } from '../frame.js';
import { unescape } from './labels-parser.js';
import { endsSeries, SAMPLES_GO_ON, SeriesParser } from './series-parser.js';
import { invalidAnswer, printByte } from './upstream-answer-error.js';
import { ValueScanner } from './value-scanner.js';

/** Bounds on what the framer holds of an answer. */
export interface FramingLimits {
  /** The largest series, in bytes as the upstream sends it. */
  readonly maxSeriesBytes: number;
  /** The largest `metric` object of a series, in bytes as the upstream sends it. */
  readonly maxLabelsBytes: number;
}

/** Members of the envelope that are kept (an error's text, warnings) are small; a larger one is refused. */
const MAX_MEMBER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 4096;

// What must come next.
const START = 0;
const KEY_OR_CLOSE = 1;
const KEY = 2;
const AFTER_KEY = 3;
const MEMBER_VALUE = 4;
const AFTER_MEMBER = 5;
const ELEMENT_OR_CLOSE = 6;
const ELEMENT = 7;
const AFTER_ELEMENT = 8;
/** A value is being scanned; what for is in `#purpose`. */
const SCANNING = 9;
/** The samples of a series of the usual shape lie across chunks. */
const IN_SAMPLES = 10;
const DONE = 11;

// What a scanned value is for.
const FOR_KEY = 0;
const FOR_NOTHING = 1;
const FOR_MEMBER = 2;
const FOR_SERIES = 3;
/** The rest of a series whose labels were parsed already. */
const FOR_SAMPLES = 4;
/** The result of a scalar or string answer. */
const FOR_LONE = 5;

const WHAT = ['a member name', '', 'a member', 'a series', 'a series', 'the result'] as const;

const BRACKET = Buffer.from('[');
const VALUE_PREFIX = Buffer.from('"value":');

/**
 * A push machine: bytes in by `feed`, frames out by `take`.
 *
 * Unknown members are skipped without being kept. Of the bytes that were fed it keeps at most the one value that is
 * not complete yet. Frames point into the chunks that were fed, which must not change afterwards.
 */
export class ResponseFramer {
  readonly #limits: FramingLimits;
  readonly #scanner = new ValueScanner();
  readonly #series: SeriesParser;
  readonly #collector = new ByteCollector();
  #frames: SeriesFrame[] = [];

  #state = START;
  #purpose = FOR_NOTHING;
  /** Whether the object being read is `data`, else it is the envelope itself. */
  #inData = false;
  #key = '';

  readonly #envelope = new Envelope();
  /** A scalar or string result is held here until its type is known. */
  #lone: SeriesFrame | undefined;

  constructor(limits: FramingLimits) {
    this.#limits = limits;
    this.#series = new SeriesParser(limits.maxLabelsBytes);
  }

  /** Known as soon as the upstream said it, or its first series showed it. */
  get resultType(): ResultType | undefined {
    return this.#envelope.resultType;
  }

  /** The frames that are complete; each is handed out once. */
  take(): SeriesFrame[] {
    const taken = this.#frames;
    this.#frames = [];
    return taken;
  }

  /**
   * Reads the next bytes.
   *
   * @throws PromfedError `upstream` when the answer breaks the rules of JSON or of the API, `limit` when a series of
   *   it is too large. The framer is then of no further use.
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
            if (byte !== CLOSE_BRACE || this.#state === KEY) throw unexpected(byte);
            this.#closeObject();
            pos++;
          }
          break;
        case AFTER_KEY:
          if (byte !== COLON) throw unexpected(byte);
          this.#state = MEMBER_VALUE;
          pos++;
          break;
        case MEMBER_VALUE:
          pos = this.#beginMember(byte, chunk, pos);
          break;
        case AFTER_MEMBER:
          if (byte === COMMA) this.#state = KEY;
          else if (byte === CLOSE_BRACE) this.#closeObject();
          else throw unexpected(byte);
          pos++;
          break;
        case ELEMENT_OR_CLOSE:
        case ELEMENT:
          pos = this.#beginElement(byte, chunk, pos);
          break;
        case AFTER_ELEMENT:
          if (byte === COMMA) this.#state = ELEMENT;
          else if (byte === CLOSE_BRACKET) this.#state = AFTER_MEMBER;
          else throw unexpected(byte);
          pos++;
          break;
        default:
          throw invalidAnswer(`${printByte(byte)} after the end of the answer`);
      }
    }
  }

  /**
   * Says that no more bytes come.
   *
   * @throws UpstreamAnswerError when the answer is an error; PromfedError `upstream` when it is cut or lacks what
   *   an answer must have.
   */
  end(): ResponseTrailer {
    if (this.#state === START) throw invalidAnswer('it is empty');
    if (this.#state !== DONE) throw invalidAnswer('it is cut before its end');
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
    if (this.#state === ELEMENT) throw unexpected(byte);
    if (byte === CLOSE_BRACKET) {
      this.#state = AFTER_MEMBER;
      return pos + 1;
    }
    this.#collector.append(BRACKET, 0, 1, MAX_MEMBER_BYTES, 'the result');
    this.#scanner.beginInside(CLOSE_BRACKET);
    this.#purpose = FOR_LONE;
    return this.#scan(chunk, pos);
  }

  #beginSeries(chunk: Buffer, pos: number): number {
    const next = this.#series.tryParse(chunk, pos, chunk.length);
    if (next >= 0) {
      this.#push();
      return next;
    }
    if (next !== SAMPLES_GO_ON) return this.#beginScan(FOR_SERIES, chunk, pos);
    this.#state = IN_SAMPLES;
    this.#collect(chunk, this.#series.samplesStart, chunk.length);
    return -1;
  }

  /** Goes on with a series of the usual shape whose labels were parsed. */
  #feedSamples(chunk: Buffer): number {
    const brace = chunk.indexOf(CLOSE_BRACE);
    if (brace < 0) {
      this.#collect(chunk, 0, chunk.length);
      return -1;
    }
    this.#collect(chunk, 0, brace);
    const samples = this.#collector.take();
    if (endsSeries(samples)) {
      this.#series.samples = samples;
      this.#push();
      return brace + 1;
    }
    // Not as usual after all: what was collected is scanned, and the scan goes on behind it.
    this.#scanner.beginInside(CLOSE_BRACE);
    this.#purpose = FOR_SAMPLES;
    this.#scanner.feed(samples, 0, samples.length);
    this.#collect(samples, 0, samples.length);
    return this.#scan(chunk, brace);
  }

  #beginScan(purpose: number, chunk: Buffer, pos: number): number {
    this.#scanner.begin();
    this.#purpose = purpose;
    return this.#scan(chunk, pos);
  }

  /** Scans on for the value's end; −1 when the chunk ends before it. */
  #scan(chunk: Buffer, from: number): number {
    const end = this.#scanner.feed(chunk, from, chunk.length);
    if (end < 0) {
      this.#state = SCANNING;
      this.#collect(chunk, from, chunk.length);
      return -1;
    }
    if (this.#collector.length === 0) {
      this.#complete(chunk, from, end);
    } else {
      this.#collect(chunk, from, end);
      const whole = this.#collector.take();
      this.#complete(whole, 0, whole.length);
    }
    return end;
  }

  #collect(bytes: Buffer, from: number, to: number): void {
    const purpose = this.#purpose;
    if (this.#state === SCANNING && purpose === FOR_NOTHING) return;
    const isSeries = this.#state === IN_SAMPLES || purpose === FOR_SERIES || purpose === FOR_SAMPLES;
    const maxBytes = isSeries
      ? this.#limits.maxSeriesBytes
      : purpose === FOR_KEY
        ? MAX_KEY_BYTES
        : MAX_MEMBER_BYTES;
    this.#collector.append(bytes, from, to, maxBytes, isSeries ? 'a series' : WHAT[purpose]!);
  }

  /** Takes a value that was scanned to its end: `bytes[start, end)`. */
  #complete(bytes: Buffer, start: number, end: number): void {
    switch (this.#purpose) {
      case FOR_KEY:
        this.#key = unescape(bytes, start, end);
        this.#state = AFTER_KEY;
        return;
      case FOR_MEMBER:
        this.#takeMember(parseJson(bytes, start, end));
        this.#state = AFTER_MEMBER;
        return;
      case FOR_SERIES:
        this.#series.parseWhole(bytes, start + 1, end - 1);
        this.#push();
        return;
      case FOR_SAMPLES:
        this.#series.parseWhole(bytes, start, end - 1, this.#series.labels);
        this.#push();
        return;
      case FOR_LONE:
        this.#takeLone(bytes.subarray(start, end));
        this.#state = AFTER_MEMBER;
        return;
      default:
        this.#state = AFTER_MEMBER;
    }
  }

  #takeMember(value: unknown): void {
    if (!this.#inData) {
      this.#envelope.take(this.#key, value);
    } else {
      this.#envelope.takeOfData(this.#key, value);
      this.#handOutLone();
    }
  }

  #takeLone(result: Buffer): void {
    const value = parseJson(result, 0, result.length);
    const isSample =
      Array.isArray(value) &&
      value.length === 2 &&
      typeof value[0] === 'number' &&
      typeof value[1] === 'string';
    if (!isSample) throw invalidAnswer('its result is neither a list of series nor a time and a value');
    this.#lone = { labels: Labels.EMPTY, samples: Buffer.concat([VALUE_PREFIX, result]) };
    this.#handOutLone();
  }

  #handOutLone(): void {
    if (this.#lone === undefined || !this.#envelope.allowsLone()) return;
    this.#frames.push(this.#lone);
    this.#lone = undefined;
  }

  /** Takes what the series parser holds. */
  #push(): void {
    const { labels, samples, members } = this.#series;
    this.#state = AFTER_ELEMENT;
    this.#frames.push({ labels, samples });
    this.#envelope.takeSeries(members);
  }
}

function parseJson(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch (error) {
    throw invalidAnswer('a member that is not valid JSON', { cause: error });
  }
}

/** The answer does not begin as JSON does: an error page, or something else that is not the API's. */
function notJson(chunk: Buffer, pos: number): Error {
  const beginning = chunk
    .toString('latin1', pos, pos + 60)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return invalidAnswer(`it is not JSON, it begins with ${JSON.stringify(beginning)}`);
}

function unexpected(byte: number): Error {
  return invalidAnswer(`unexpected ${printByte(byte)}`);
}
