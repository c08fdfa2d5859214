// The errors of an upstream's answer: what it says itself, and what is wrong with how it says it.

import type { ErrorCode } from '../../model/index.js';
import { PromfedError } from '../../model/index.js';

/** How much of a foreign text a message may carry. */
const MAX_TEXT = 2048;

/**
 * What the upstreams' error types are to us. The query itself is at fault when the upstream could not evaluate or
 * not even parse it; VictoriaMetrics sends the HTTP status as the type. Everything else is the upstream's failure.
 */
const QUERY_FAULTS: ReadonlySet<string> = new Set(['execution', 'bad_data', '400', '422']);

/** An error envelope, `{"status":"error","errorType":…,"error":…}`: the upstream answered that it cannot answer. */
export class UpstreamAnswerError extends PromfedError {
  /** The upstream's `errorType` as it stands; VictoriaMetrics sends the HTTP status, such as `422`. */
  readonly upstreamErrorType: string;
  /** The upstream's `error`, cut to a length that a message may have. */
  readonly upstreamText: string;

  constructor(errorType: string, text: string) {
    const code: ErrorCode = QUERY_FAULTS.has(errorType) ? 'execution' : 'upstream';
    const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
    const type = errorType.slice(0, 64);
    super(code, type === '' ? cut : `${type}: ${cut}`);
    this.upstreamErrorType = type;
    this.upstreamText = cut;
  }
}

/** The answer breaks the rules of JSON or of the API. */
export function invalidAnswer(reason: string, options?: ErrorOptions): PromfedError {
  return new PromfedError('upstream', `invalid answer: ${reason}`, options);
}

/** A byte that may not stand where it does, as a message shows it. */
export function printByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16)}`;
}
