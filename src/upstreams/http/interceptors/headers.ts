// Adds configured headers to every request.

import { isHeaderName, isHeaderValue, isReservedHeader, PromfedError } from '../../../model/index.js';
import type { HttpRequest, Interceptor } from '../exchange.js';

type Headers = readonly (readonly [name: string, value: string])[];

/** @param configured name0, value0, name1, value1, … A header of the request overrides a configured one. */
export function configuredHeaders(configured: readonly string[]): Interceptor {
  const combine = memoizeLast((own: readonly string[]) => {
    const names = namesOf(own);
    return [...configured.filter((_, i) => !names.has(configured[i - (i % 2)]!.toLowerCase())), ...own];
  });
  return (next) => (request, scope) => next(replaceHeaders(request, combine(request.headers)), scope);
}

/**
 * Checks configured headers.
 *
 * @param title beginning of the error: the owner of the headers and their key.
 * @throws PromfedError `bad_data` when a header is invalid in HTTP or set by promfed itself.
 */
export function checkHeaders(configured: Headers, title: string): void {
  for (const [name, value] of configured) {
    const isValid = isHeaderName(name) && isHeaderValue(value);
    if (isValid && !isReservedHeader(name)) continue;
    const reason = isValid
      ? `header "${name}" must not be set: it is reserved`
      : `invalid header ${JSON.stringify(name)}`;
    throw new PromfedError('bad_data', `${title}: ${reason}`);
  }
}

/** Returns configured headers, and the defaults whose names are not configured. */
export function withDefaults(configured: Headers, defaults: Headers): string[] {
  const names = namesOf(configured.flat());
  return [...configured, ...defaults.filter(([name]) => !names.has(name))].flat();
}

/** Returns a copy of a request with other headers. */
export function replaceHeaders(request: HttpRequest, headers: readonly string[]): HttpRequest {
  const { endpoint, method, path, body } = request;
  return { endpoint, method, path, headers, body };
}

/** Returns the names of headers in lower case. */
export function namesOf(headers: readonly string[]): ReadonlySet<string> {
  return new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
}

/**
 * Memoizes the result for the latest argument, compared by identity. Most requests of a target share one array of
 * headers, so the headers derived from it are shared too.
 */
export function memoizeLast<T, R>(derive: (value: T) => R): (value: T) => R {
  let last: { readonly value: T; readonly result: R } | undefined;
  return (value) => {
    if (last?.value !== value) last = { value, result: derive(value) };
    return last.result;
  };
}
