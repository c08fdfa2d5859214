// Errors of an upstream's answer: errors that the upstream reports, and violations of JSON or of the API.

import { cutText, detached, PromfedError } from '../../model/index.js';

/** Maximum length of an upstream's text in an error message. */
const MAX_TEXT = 2048;

/** The error of an envelope `{"status":"error","errorType":…,"error":…}`. Its reader decides what it means. */
export class UpstreamAnswerError extends PromfedError {
  /** The upstream's `errorType`; VictoriaMetrics sends the HTTP status, such as `422`. */
  readonly upstreamErrorType: string;
  /** The upstream's `error`, cut to `MAX_TEXT` characters. */
  readonly upstreamText: string;

  constructor(errorType: string, text: string) {
    const cut = cutText(text, MAX_TEXT);
    const type = detached(errorType.slice(0, 64));
    super('upstream', type === '' ? cut : `${type}: ${cut}`);
    this.upstreamErrorType = type;
    this.upstreamText = cut;
  }
}

/** The error of an answer that violates JSON or the API. */
export function invalidAnswer(reason: string, options?: ErrorOptions): PromfedError {
  return new PromfedError('upstream', `invalid answer: ${reason}`, options);
}

/** The error of a byte that JSON does not allow at its position, which `where` describes. */
export function unexpectedByte(byte: number, where = ''): PromfedError {
  const printed =
    byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16)}`;
  return invalidAnswer(`unexpected ${printed}${where === '' ? '' : ` ${where}`}`);
}
