// One HTTP exchange with a target, and the interceptors around it.

import type { IncomingHttpHeaders } from 'node:http';

import type { BodySource } from './body-source.js';
import type { Endpoint } from '../metrics.js';
import type { RequestScope } from './request-scope.js';

/** A request to a target. Immutable; interceptors create changed copies. */
export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path and query string. */
  readonly path: string;
  /** name0, value0, name1, value1, … Requests with equal headers may share one array. */
  readonly headers: readonly string[];
  /** Undefined for a GET. */
  readonly body: string | Uint8Array | undefined;
}

/** A response whose headers have arrived. The holder reads the body to its end or destroys it. */
export interface HttpResponse {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: BodySource;
}

/**
 * Sends a request and resolves when the headers of the response have arrived. When the scope is aborted, the exchange
 * rejects, or the body of the response fails, with the reason of the scope. Other errors may be of any type.
 */
export type Exchange = (request: HttpRequest, scope: RequestScope) => Promise<HttpResponse>;

/** Adds one behaviour to an exchange. An interceptor that sends a request twice forks the scope for each attempt. */
export type Interceptor = (next: Exchange) => Exchange;

/** Wraps an exchange in interceptors; the first one is the outermost. */
export function compose(interceptors: readonly Interceptor[], exchange: Exchange): Exchange {
  return interceptors.reduceRight((next, intercept) => intercept(next), exchange);
}

/** Returns the value of a header, the first one of several, or the empty string. */
export function headerOf(response: HttpResponse, name: string): string {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
