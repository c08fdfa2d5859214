// Adds the headers of a target's configuration to every request.

import type { Exchange, HttpRequest, Interceptor } from '../exchange.js';

/**
 * @param configured name0, value0, name1, value1, … A request's own header takes the place of a configured one of the
 *   same name.
 */
export function configuredHeaders(configured: readonly string[]): Interceptor {
  return (next) =>
    withHeaders(next, (own) => {
      const names = namesOf(own);
      return [...configured.filter((_, i) => !names.has(configured[i - (i % 2)]!.toLowerCase())), ...own];
    });
}

/**
 * Sends each request with other headers. Requests that share one array of headers share the derived array too.
 *
 * @param derive pure.
 */
export function withHeaders(next: Exchange, derive: (own: readonly string[]) => readonly string[]): Exchange {
  const derived = memoizeLast(derive);
  return (request, scope) => next(replaceHeaders(request, derived(request.headers)), scope);
}

export function replaceHeaders(request: HttpRequest, headers: readonly string[]): HttpRequest {
  const { endpoint, method, path, body } = request;
  return { endpoint, method, path, headers, body };
}

/** Returns the names, in lower case. */
export function namesOf(headers: readonly string[]): ReadonlySet<string> {
  return new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
}

/** Most requests of a target share their headers: a memo of the last argument is enough. */
export function memoizeLast<T, R>(derive: (value: T) => R): (value: T) => R {
  let last: { readonly value: T; readonly result: R } | undefined;
  return (value) => {
    if (last?.value !== value) last = { value, result: derive(value) };
    return last.result;
  };
}
