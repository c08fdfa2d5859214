// The members of an answer's envelope besides its series: status, result type, warnings.

import { cutText } from '../../model/index.js';
import { EMPTY_TRAILER, type ResponseTrailer, type ResultType } from '../frame.js';
import { keptTexts } from './kept-texts.js';
import { HISTOGRAM, HISTOGRAMS, VALUE, VALUES } from './series-parser.js';
import { invalidAnswer, UpstreamAnswerError } from './upstream-answer-error.js';

const RESULT_TYPES: ReadonlySet<unknown> = new Set<ResultType>(['vector', 'matrix', 'scalar', 'string']);
const KEPT: ReadonlySet<string> = new Set(['status', 'errorType', 'error', 'warnings', 'infos', 'isPartial']);

/**
 * Receives the members of an answer in any order. Every method throws PromfedError `upstream` when the answer
 * contradicts itself or the API.
 */
export class Envelope {
  #resultType: ResultType | undefined;
  /** The result type that the first series implies, when it comes before `resultType`. */
  #inferred: ResultType | undefined;
  #hasData = false;
  #hasResult = false;
  readonly #members: Record<string, unknown> = {};

  /** Known after `resultType` or the first series. */
  get resultType(): ResultType | undefined {
    return this.#resultType ?? this.#inferred;
  }

  /** Reports whether a member outside of `data` is kept. Others are skipped. */
  keeps(key: string): boolean {
    return KEPT.has(key);
  }

  /** Called before the value of the member `data`. */
  beginData(): void {
    if (this.#hasData) throw invalidAnswer('duplicate member "data"');
    this.#hasData = true;
  }

  /** Called before the value of the member `result`. */
  beginResult(): void {
    if (this.#hasResult) throw invalidAnswer('duplicate member "result"');
    this.#hasResult = true;
  }

  /** Receives a member outside of `data` that is kept, or a `data` that is not an object. */
  take(key: string, value: unknown): void {
    if (key !== 'data') this.#members[key] = value;
    // An error may come with `"data":null`.
    else if (value !== null) throw invalidAnswer('"data" is not an object');
    else this.#hasData = false;
  }

  /** Receives the `resultType`, or a `result` that is not an array. */
  takeDataMember(key: string, value: unknown): void {
    if (key === 'result') {
      if (value !== null) throw invalidAnswer('"result" is not an array');
      return;
    }
    if (!RESULT_TYPES.has(value)) throw invalidAnswer('unknown result type');
    const type = value as ResultType;
    const known = this.resultType;
    if (known !== undefined && known !== type) {
      throw invalidAnswer(`the result type is ${type} but the result is a ${known}`);
    }
    this.#resultType = type;
  }

  /** Receives a series. `members` are bits as in `SeriesParser.members`. */
  takeSeries(members: number): void {
    const type = this.#resultType ?? (this.#inferred ??= typeOf(members));
    if (type === 'matrix') {
      if ((members & (VALUE | HISTOGRAM)) === 0) return;
      throw invalidAnswer('the result type is matrix but a series holds an instant value');
    }
    if (type === 'vector') {
      if ((members & (VALUES | HISTOGRAMS)) === 0) return;
      throw invalidAnswer('the result type is vector but a series holds a list of samples');
    }
    throw invalidAnswer(`the result type is ${type} but the result is a list of series`);
  }

  /** Reports whether the result type allows a single value; false while the type is unknown. */
  allowsSingleValue(): boolean {
    const type = this.#resultType;
    if (type === undefined) return false;
    if (type === 'scalar' || type === 'string') return true;
    throw invalidAnswer(`the result type is ${type} but the result is a single value`);
  }

  /**
   * Called after the last byte.
   *
   * @throws UpstreamAnswerError when the answer is an error; PromfedError `upstream` when a required member is missing.
   */
  end(): ResponseTrailer {
    const { status, errorType, error, warnings, infos, isPartial } = this.#members;
    if (status === 'error') throw new UpstreamAnswerError(asText(errorType), asText(error));
    if (status !== 'success') throw invalidAnswer('missing "status"');
    if (!this.#hasData) throw invalidAnswer('missing "data"');
    if (!this.#hasResult) throw invalidAnswer('missing "result"');
    if (this.#resultType === undefined) throw invalidAnswer('missing "resultType"');
    if (warnings === undefined && infos === undefined && isPartial === undefined) return EMPTY_TRAILER;
    return {
      warnings: asTexts(warnings, 'warnings'),
      infos: asTexts(infos, 'infos'),
      isPartial: isPartial === true,
    };
  }
}

function typeOf(members: number): ResultType {
  return (members & (VALUE | HISTOGRAM)) !== 0 ? 'vector' : 'matrix';
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asTexts(value: unknown, member: 'warnings' | 'infos'): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidAnswer(`"${member}" is not an array`);
  return keptTexts(value, member, (text, maxChars) =>
    cutText(typeof text === 'string' ? text : JSON.stringify(text), maxChars),
  );
}
