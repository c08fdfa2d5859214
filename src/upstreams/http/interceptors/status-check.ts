// Converts unusable responses to errors: failure statuses, redirects, content types other than JSON.

import { PromfedError } from '../../../model/index.js';
import { headerOf, type HttpRequest, type HttpResponse, type Interceptor } from '../exchange.js';
import { readPage } from '../read-page.js';
import { regionError } from '../../region-error.js';
import { excerpt, printable } from '../sanitize.js';

const MAX_UPSTREAM_TEXT_CHARS = 4096;
const MAX_PAGE_CHARS = 200;
const MAX_HEADER_CHARS = 100;

/**
 * Accepts responses of status 2xx whose content type is JSON (protobuf for remote read) or missing.
 *
 * @throws PromfedError as `regionError` does for an error response, otherwise `upstream`.
 */
export const statusCheck: Interceptor = (next) => async (request, scope) => {
  const response = await next(request, scope);
  const { status } = response;
  if (status >= 200 && status < 300) {
    const contentType = headerOf(response, 'content-type');
    const isRead = request.endpoint === 'read';
    const expected = isRead ? /^application\/x-(?:streamed-)?protobuf\b/i : /^[^;]*json/i;
    if (contentType === '' || expected.test(contentType)) return response;
    const page = await readPage(response.body);
    throw new PromfedError(
      'upstream',
      `HTTP ${status}: content type ${excerpt(contentType, MAX_HEADER_CHARS)} instead of ${isRead ? 'protobuf' : 'JSON'}${quoted(page)}`,
    );
  }
  if (status >= 300 && status < 400) {
    response.body.destroy();
    throw new PromfedError('upstream', `HTTP ${status}: ${redirectText(response)}`);
  }
  throw errorOf(request, response, await readPage(response.body));
};

function errorOf({ endpoint }: HttpRequest, response: HttpResponse, page: string): PromfedError {
  const { status } = response;
  const retryAfter = excerpt(headerOf(response, 'retry-after'), MAX_HEADER_CHARS);
  const envelope = tryErrorEnvelope(page);
  const { errorType, error: text } = envelope ?? { errorType: '', error: excerpt(page, MAX_PAGE_CHARS) };
  return regionError({ endpoint, status, errorType, text, retryAfter });
}

/** Describes a redirect. Its target is printed without user and query string, which may contain credentials. */
export function redirectText(response: HttpResponse): string {
  const location = headerOf(response, 'location');
  if (location === '') return 'redirect not followed';
  const bare = location.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//');
  return `redirect to ${excerpt(bare, MAX_HEADER_CHARS)} not followed`;
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
