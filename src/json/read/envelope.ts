// What an answer's envelope says around its series: status, type, warnings; and whether it is whole.

import type { ResponseTrailer, ResultType } from '../frame.js';
import { HISTOGRAM, HISTOGRAMS, VALUE, VALUES } from './series-parser.js';
import { invalidAnswer, UpstreamAnswerError } from './upstream-answer-error.js';

const NO_TAIL: ResponseTrailer = { warnings: [], infos: [], isPartial: false };
const RESULT_TYPES: ReadonlySet<unknown> = new Set<ResultType>(['vector', 'matrix', 'scalar', 'string']);
const KEPT: ReadonlySet<string> = new Set(['status', 'errorType', 'error', 'warnings', 'infos', 'isPartial']);

/**
 * Takes the members as they come, in any order. Every method throws PromfedError `upstream` when the answer then
 * contradicts itself or the API.
 */
export class Envelope {
  #resultType: ResultType | undefined;
  /** Taken from the first series, when `resultType` had not come by then. */
  #inferred: ResultType | undefined;
  #hasData = false;
  #hasResult = false;
  readonly #members: Record<string, unknown> = {};

  /** Known as soon as the upstream said it, or its first series showed it. */
  get resultType(): ResultType | undefined {
    return this.#resultType ?? this.#inferred;
  }

  /** Whether a member outside of `data` means anything. */
  keeps(key: string): boolean {
    return KEPT.has(key);
  }

  /** Before the value of the member `data`. */
  beginData(): void {
    if (this.#hasData) throw invalidAnswer('it has two members "data"');
    this.#hasData = true;
  }

  /** Before the value of the member `result`. */
  beginResult(): void {
    if (this.#hasResult) throw invalidAnswer('it has two results');
    this.#hasResult = true;
  }

  /** A member outside of `data` that is kept, or a `data` that is no object. */
  take(key: string, value: unknown): void {
    if (key !== 'data') this.#members[key] = value;
    // An error may come with `"data":null`.
    else if (value !== null) throw invalidAnswer('its data is no object');
    else this.#hasData = false;
  }

  /** The `resultType`, or a `result` that is no list. */
  takeOfData(key: string, value: unknown): void {
    if (key === 'result') {
      if (value !== null) throw invalidAnswer('its result is no list');
      return;
    }
    if (!RESULT_TYPES.has(value)) throw invalidAnswer('its result type is unknown');
    const type = value as ResultType;
    const known = this.resultType;
    if (known !== undefined && known !== type) throw invalidAnswer(`its result is a ${known}, not a ${type}`);
    this.#resultType = type;
  }

  /** A series, by what holds its samples: bits as in `SeriesParser.members`. */
  takeSeries(members: number): void {
    const type = this.#resultType ?? (this.#inferred ??= typeOf(members));
    if (type === 'matrix') {
      if ((members & (VALUE | HISTOGRAM)) === 0) return;
    } else if (type === 'vector') {
      if ((members & (VALUES | HISTOGRAMS)) === 0) return;
    }
    throw invalidAnswer(`its result is a ${type} with a series that is none of it`);
  }

  /** Whether a result that is one value is what the type says; false while the type has not been said. */
  allowsLone(): boolean {
    const type = this.#resultType;
    if (type === undefined) return false;
    if (type === 'scalar' || type === 'string') return true;
    throw invalidAnswer(`its result is a lone value, not a ${type}`);
  }

  /**
   * After the last byte.
   *
   * @throws UpstreamAnswerError when the answer is an error; PromfedError `upstream` when it lacks what it must have.
   */
  end(): ResponseTrailer {
    const { status, errorType, error, warnings, infos, isPartial } = this.#members;
    if (status === 'error') throw new UpstreamAnswerError(asText(errorType), asText(error));
    if (status !== 'success') throw invalidAnswer('it has no status');
    if (!this.#hasData) throw invalidAnswer('it has no data');
    if (!this.#hasResult || this.#resultType === undefined) throw invalidAnswer('it has no result');
    if (warnings === undefined && infos === undefined && isPartial === undefined) return NO_TAIL;
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

function asTexts(value: unknown, member: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidAnswer(`its ${member} are no list`);
  return value.map((text) => (typeof text === 'string' ? text : JSON.stringify(text)));
}
