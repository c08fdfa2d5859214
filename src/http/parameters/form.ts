// The form of a request: the parameters of its body and of its URL.

import { parseMultipart } from './multipart.js';
import { FormValues, parseUrlEncoded } from './url-encoded.js';

/** The body of a request, as it was received. */
export interface RequestBody {
  /** The header Content-Type. */
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
}

/** The values of a form, and the first problem in Go's words. Invalid parameters are omitted. */
export interface Form {
  readonly values: FormValues;
  readonly problem: string | undefined;
}

const MEDIA_TYPE = /^\s*([^;\s]*)\s*(?:;|$)/;
const MEDIA_PARAMETERS =
  /^[^;]*(?:;\s*(?:[!#$%&'*+\-.^`|~\w]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[!#$%&'*+\-.^`|~\w]+)\s*)?)*$/;

/**
 * Reads a form as Go does: values of a URL-encoded body precede those of the URL.
 *
 * Source: Go, net/http (`Request.ParseForm`).
 */
export function readForm(url: string, body: RequestBody | undefined): Form {
  const values = new FormValues();
  const bodyProblem = body === undefined ? undefined : readBody(body, values);
  const queryStart = url.indexOf('?');
  const urlProblem = queryStart < 0 ? undefined : parseUrlEncoded(url.slice(queryStart + 1), values);
  return { values, problem: bodyProblem ?? urlProblem };
}

/**
 * Appends the fields of a multipart body. They follow all other values.
 *
 * Source: Go, net/http (`Request.ParseMultipartForm`).
 */
export function readMultipart(body: RequestBody | undefined, { values }: Form): void {
  if (body?.contentType === undefined || mediaType(body.contentType) !== 'multipart/form-data') return;
  parseMultipart(body.bytes, body.contentType, values);
}

function readBody({ contentType = '', bytes }: RequestBody, values: FormValues): string | undefined {
  if (mediaType(contentType) !== 'application/x-www-form-urlencoded') return undefined;
  const problem = MEDIA_PARAMETERS.test(contentType) ? undefined : 'mime: invalid media parameter';
  const valueProblem = parseUrlEncoded(bytes.toString('utf8'), values);
  return problem ?? valueProblem;
}

function mediaType(contentType: string): string | undefined {
  return MEDIA_TYPE.exec(contentType)?.[1]?.toLowerCase();
}
