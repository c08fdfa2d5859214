// Adds configured headers to every request.

import type { HttpRequest, Interceptor } from '../exchange.js';

/** @param configured name0, value0, name1, value1, … A header of the request overrides a configured one. */
export function configuredHeaders(configured: readonly string[]): Interceptor {
  const combine = memoizeLast((own: readonly string[]) => {
    const names = namesOf(own);
    return [...configured.filter((_, i) => !names.has(configured[i - (i % 2)]!.toLowerCase())), ...own];
  });
  return (next) => (request, scope) => next(replaceHeaders(request, combine(request.headers)), scope);
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
