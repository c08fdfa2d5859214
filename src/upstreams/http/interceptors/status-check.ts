// Turns an answer that is no answer into an error that says why: statuses, redirects, pages that are not JSON.

import { PromfedError } from '../../../model/index.js';
import { readableOf, type BodySource } from '../body-source.js';
import { headerOf, type Exchange, type HttpRequest, type HttpResponse } from '../exchange.js';
import { excerpt, printable } from '../sanitize.js';

/** Of an error's body so much is read, for so long: it is only wanted for its message. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_BODY_MS = 2000;

const MAX_UPSTREAM_TEXT_CHARS = 4096;
const MAX_PAGE_CHARS = 200;
const MAX_HEADER_CHARS = 100;

/**
 * Lets pass what is 2xx and says that it is JSON (protobuf, for remote read), or says nothing about its type.
 *
 * @throws PromfedError `execution` with the upstream's text alone when Prometheus says that the query cannot be
 * evaluated; `refused` when it calls the expression wrong, which promfed wrote; otherwise `upstream` with the status, the upstream's errorType and text.
 */
export function withStatusCheck(next: Exchange): Exchange {
  return async (request, scope) => {
    const response = await next(request, scope);
    const { status } = response;
    if (status >= 200 && status < 300) {
      const contentType = headerOf(response, 'content-type');
      const isRead = request.endpoint === 'read';
      const right = isRead ? /^application\/x-(?:streamed-)?protobuf\b/i : /^[^;]*json/i;
      if (contentType === '' || right.test(contentType)) return response;
      const page = await readPage(response.body);
      throw new PromfedError(
        'upstream',
        `HTTP ${status}: answered ${excerpt(contentType, MAX_HEADER_CHARS)} instead of ${isRead ? 'protobuf' : 'JSON'}${quoted(page)}`,
      );
    }
    if (status >= 300 && status < 400) {
      response.body.destroy();
      throw new PromfedError(
        'upstream',
        `HTTP ${status}: redirected${redirectTarget(response)}; not followed`,
      );
    }
    throw refusalOf(request, response, await readPage(response.body));
  };
}

function refusalOf(request: HttpRequest, response: HttpResponse, page: string): PromfedError {
  const { status } = response;
  const envelope = tryErrorEnvelope(page);
  if (envelope !== undefined && isQuery(request) && envelope.errorType === 'execution') {
    return new PromfedError('execution', envelope.error);
  }
  if (envelope !== undefined && isQuery(request) && envelope.errorType === 'bad_data') {
    return new PromfedError('refused', `does not take the expression it is sent: ${envelope.error}`);
  }
  const type =
    envelope === undefined || envelope.errorType === String(status) ? '' : ` ${envelope.errorType}`;
  const text = envelope === undefined ? quoted(page) : `: ${envelope.error}`;
  return new PromfedError('upstream', `HTTP ${status}${type}${hint(response)}${text}`);
}

/**
 * An error of a query is of type `execution` when no server could evaluate it (Prometheus, web/api/v1/api.go);
 * of metadata it only means that this server failed. VictoriaMetrics has the status as the type of every error.
 */
function isQuery({ endpoint }: HttpRequest): boolean {
  return endpoint === 'query' || endpoint === 'query_range';
}

function hint(response: HttpResponse): string {
  switch (response.status) {
    case 401:
    case 403:
      return ': the credentials were refused';
    case 429:
    case 503: {
      const retryAfter = excerpt(headerOf(response, 'retry-after'), MAX_HEADER_CHARS);
      const state = response.status === 429 ? 'too many requests' : 'not available';
      return `: ${state}${retryAfter === '' ? '' : `, Retry-After: ${retryAfter}`}`;
    }
    default:
      return '';
  }
}

/** Where a redirect leads, without user and query string: both may hold credentials. */
function redirectTarget(response: HttpResponse): string {
  const location = headerOf(response, 'location');
  if (location === '') return '';
  const bare = location.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//');
  return ` to ${excerpt(bare, MAX_HEADER_CHARS)}`;
}

function quoted(page: string): string {
  const text = excerpt(page, MAX_PAGE_CHARS);
  return text === '' ? '' : `: ${text}`;
}

interface ErrorEnvelope {
  readonly errorType: string;
  readonly error: string;
}

function tryErrorEnvelope(page: string): ErrorEnvelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(page);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
  if (typeof value.error !== 'string') return undefined;
  const errorType = 'errorType' in value && typeof value.errorType === 'string' ? value.errorType : '';
  return {
    errorType: excerpt(errorType, MAX_HEADER_CHARS),
    error: printable(value.error, MAX_UPSTREAM_TEXT_CHARS),
  };
}

/** The beginning of a body as text. What cuts the reading short is no matter: the status is the news. */
async function readPage(source: BodySource): Promise<string> {
  const body = readableOf(source);
  const timer = setTimeout(() => {
    body.destroy();
  }, MAX_ERROR_BODY_MS);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= MAX_ERROR_BYTES) break;
    }
  } catch {
    // The part that came is the message then.
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ERROR_BYTES);
}
