// Adds the headers of a target's configuration to every request.

import type { HttpRequest, Interceptor } from '../exchange.js';

/**
 * @param configured name0, value0, name1, value1, … A request's own header takes the place of a configured one of the
 *   same name.
 */
export function configuredHeaders(configured: readonly string[]): Interceptor {
  const combine = memoizeLast((own: readonly string[]) => {
    const names = namesOf(own);
    return [...configured.filter((_, i) => !names.has(configured[i - (i % 2)]!.toLowerCase())), ...own];
  });
  return (next) => (request, scope) => next(replaceHeaders(request, combine(request.headers)), scope);
}

export function replaceHeaders(request: HttpRequest, headers: readonly string[]): HttpRequest {
  const { endpoint, method, path, body } = request;
  return { endpoint, method, path, headers, body };
}

/** Returns the names, in lower case. */
export function namesOf(headers: readonly string[]): ReadonlySet<string> {
  return new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
}

/** Remembers the last argument: most requests of a target share one array of headers, and so share the derived one. */
export function memoizeLast<T, R>(derive: (value: T) => R): (value: T) => R {
  let last: { readonly value: T; readonly result: R } | undefined;
  return (value) => {
    if (last?.value !== value) last = { value, result: derive(value) };
    return last.result;
  };
}
