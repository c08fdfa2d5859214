// One HTTP exchange with a target as the interceptors see it.

import type { IncomingHttpHeaders } from 'node:http';

import type { BodySource } from './body-source.js';
import type { Endpoint } from '../metrics.js';
import type { RequestScope } from './request-scope.js';

export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST';
  /** Path and query string. */
  readonly path: string;
  /** name0, value0, name1, value1, … */
  readonly headers: readonly string[];
  /** Of a POST. */
  readonly body: string | Uint8Array | undefined;
}

/** An answer whose headers have arrived. Whoever holds it reads its body or destroys it. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: BodySource;
}

/**
 * Sends a request and resolves when its answer's headers have arrived. Rejects with whatever went wrong, or with the
 * scope's reason once that is aborted; the body fails likewise. An interceptor is a function from one exchange to
 * another that adds one behaviour.
 */
export type Exchange = (request: HttpRequest, scope: RequestScope) => Promise<HttpResponse>;

/** A header of which one value is expected; the first of several, the empty string when it is not there. */
export function headerOf(response: HttpResponse, name: string): string {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
