// Authenticates every request with the group's credentials, as they are when it is sent.

import type { Credentials } from '../credentials.js';
import type { Exchange, HttpRequest, Interceptor } from '../exchange.js';
import { memoizeLast, namesOf, replaceHeaders } from './headers.js';

const UNAUTHORIZED = 401;

/**
 * A request that has an Authorization header keeps it.
 *
 * Credentials may have been replaced since their file was last read: after a 401 it is read again, and the request is
 * sent a second time when they have changed.
 */
export function authentication(credentials: Credentials): Interceptor {
  return (next) => {
    const send = authenticated(next, credentials);
    return credentials.refresh === undefined ? send : retried(send, credentials, credentials.refresh);
  };
}

function authenticated(next: Exchange, credentials: Credentials): Exchange {
  /** With the headers of a request, shared by requests that share them. */
  const authorize = (authorization: string) =>
    memoizeLast((own: readonly string[]) =>
      namesOf(own).has('authorization') ? own : [...own, 'authorization', authorization],
    );
  const authorizeWith = memoizeLast(authorize);
  return (request: HttpRequest, scope) =>
    next(replaceHeaders(request, authorizeWith(credentials.authorization)(request.headers)), scope);
}

function retried(send: Exchange, credentials: Credentials, refresh: () => Promise<void>): Exchange {
  return async (request, scope) => {
    const sent = credentials.authorization;
    const first = scope.fork();
    const response = await send(request, first);
    if (response.status !== UNAUTHORIZED) return response;
    await refresh();
    if (scope.reason !== undefined) throw scope.reason;
    if (credentials.authorization === sent) return response;
    response.body.destroy();
    first.end('error', 0);
    return send(request, scope.fork());
  };
}
