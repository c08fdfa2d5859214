// Frames an upstream's answer as its bytes arrive: series by series, members in any order.

import { Labels } from '../../model/index.js';
import { CLOSE_BRACE, OPEN_BRACE, OPEN_BRACKET } from '../byte.js';
import type { ResponseTrailer, ResultType, SeriesFrame } from '../frame.js';
import { AnswerGrammar, MEMBER, SKIPPED, type ValueKind } from './answer-grammar.js';
import { ByteCollector } from './byte-collector.js';
import { checkSamples } from './check-samples.js';
import { Envelope } from './envelope.js';
import { parseSmall } from './paced-json.js';
import { endsSeries, SAMPLES_CONTINUE, SeriesParser } from './series-parser.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

export interface FramingOptions {
  /** Maximum size of a series, in bytes as the upstream sends it, and of its `metric` object. */
  readonly maxSeriesBytes: number;
  readonly maxLabelsBytes: number;
  /** True to check samples (`checkSamples`). */
  readonly checksSamples: boolean;
}

const MAX_KEY_BYTES = 4096;

/** The result of a scalar or string answer. */
const SINGLE: ValueKind = { ...MEMBER, name: 'the result' };

const BRACE = Buffer.from('{');
const VALUE_PREFIX = Buffer.from('"value":');

/**
 * A push parser: bytes go in through `feed`, frames come out through `take`.
 *
 * Unknown members are skipped and not kept. Of the bytes fed, at most one incomplete value is kept. Frames point into
 * the chunks, which must not change afterwards.
 */
export class ResponseFramer {
  readonly #series: SeriesParser;
  readonly #grammar: AnswerGrammar;
  readonly #envelope = new Envelope();
  /** Kinds of a series, and of one whose labels were parsed on the fast path. */
  readonly #whole: ValueKind;
  readonly #rest: ValueKind;
  readonly #checksSamples: boolean;
  #frames: SeriesFrame[] = [];
  /** True while the samples of a series whose labels were parsed on the fast path continue in the next chunk. */
  #inSamples = false;
  /** The beginning of these samples. */
  readonly #samples = new ByteCollector();
  /** A scalar or string result, until the result type is known. */
  #single: SeriesFrame | undefined;

  constructor({ maxSeriesBytes, maxLabelsBytes, checksSamples }: FramingOptions) {
    this.#checksSamples = checksSamples;
    this.#series = new SeriesParser(maxLabelsBytes);
    this.#whole = { name: 'a series', maxBytes: maxSeriesBytes };
    this.#rest = { ...this.#whole };
    this.#grammar = new AnswerGrammar(MAX_KEY_BYTES, {
      notAnObject: notJson,
      beginMember: (key, inData, byte) => this.#beginMember(key, inData, byte),
      beginElement: (chunk, pos, isFirst) => this.#beginElement(chunk, pos, isFirst),
      complete: (kind, value, key, inData) => {
        this.#complete(kind, value, key, inData);
      },
    });
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
    const pos = this.#inSamples ? this.#feedSamples(chunk) : 0;
    this.#grammar.feed(chunk, pos);
  }

  /**
   * Ends the answer.
   *
   * @throws UpstreamAnswerError when the answer is an error; PromfedError `upstream` when it is truncated or a required
   *   member is missing.
   */
  end(): ResponseTrailer {
    if (!this.#grammar.hasBegun) throw invalidAnswer('empty body');
    this.#grammar.end();
    return this.#envelope.end();
  }

  #beginMember(key: string, inData: boolean, byte: number): ValueKind | 'enter' {
    if (inData) {
      if (key === 'resultType') return MEMBER;
      if (key !== 'result') return SKIPPED;
      this.#envelope.beginResult();
      return byte === OPEN_BRACKET ? 'enter' : MEMBER;
    }
    if (key === 'data') {
      this.#envelope.beginData();
      return byte === OPEN_BRACE ? 'enter' : MEMBER;
    }
    return this.#envelope.keeps(key) ? MEMBER : SKIPPED;
  }

  #beginElement(chunk: Buffer, pos: number, isFirst: boolean): number {
    const byte = chunk[pos]!;
    if (byte !== OPEN_BRACE) {
      if (!isFirst) throw unexpectedByte(byte);
      return this.#grammar.scanList(SINGLE, chunk, pos);
    }
    const next = this.#series.tryParse(chunk, pos, chunk.length);
    if (next >= 0) {
      this.#push();
      return next;
    }
    if (next !== SAMPLES_CONTINUE) return this.#grammar.scan(this.#whole, chunk, pos);
    this.#inSamples = true;
    this.#collect(chunk, this.#series.samplesStart, chunk.length);
    return chunk.length;
  }

  /** Continues a series whose labels were parsed on the fast path. Returns the index after it or its part in the chunk. */
  #feedSamples(chunk: Buffer): number {
    const brace = chunk.indexOf(CLOSE_BRACE);
    this.#collect(chunk, 0, brace < 0 ? chunk.length : brace);
    if (brace < 0) return chunk.length;
    this.#inSamples = false;
    const samples = this.#samples.take();
    if (endsSeries(samples)) {
      this.#series.samples = samples;
      this.#push();
      return brace + 1;
    }
    // The brace does not end the series: the collected bytes are scanned instead.
    this.#grammar.scan(this.#rest, BRACE, 0);
    this.#grammar.feed(samples, 0);
    return brace;
  }

  #collect(bytes: Buffer, from: number, to: number): void {
    this.#samples.append(bytes, from, to, this.#whole.maxBytes, this.#whole.name);
  }

  /** Receives a complete value. */
  #complete(kind: ValueKind, value: Buffer, key: string, inData: boolean): void {
    if (kind === MEMBER) {
      this.#takeMember(key, parseSmall(value), inData);
    } else if (kind === SINGLE) {
      this.#takeSingle(value);
    } else {
      this.#series.parse(value, 1, value.length - 1, kind === this.#rest ? this.#series.labels : undefined);
      this.#push();
    }
  }

  #takeMember(key: string, value: unknown, inData: boolean): void {
    if (!inData) {
      this.#envelope.take(key, value);
    } else {
      this.#envelope.takeDataMember(key, value);
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
