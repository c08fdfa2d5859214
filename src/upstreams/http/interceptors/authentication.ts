// Adds the current credentials of the group to every request.

import type { Credentials } from '../credentials.js';
import type { Exchange, HttpRequest, Interceptor } from '../exchange.js';
import { memoizeLast, namesOf, replaceHeaders } from './headers.js';

const UNAUTHORIZED = 401;

/**
 * Adds an Authorization header to requests without one.
 *
 * After a 401 the credential files are read again. If the credentials have changed, the request is sent a second time.
 */
export function authentication(credentials: Credentials): Interceptor {
  return (next) => {
    const send = authorizing(next, credentials);
    return credentials.refresh === undefined ? send : retrying(send, credentials, credentials.refresh);
  };
}

function authorizing(next: Exchange, credentials: Credentials): Exchange {
  // Memoized by the credentials and by the headers of the request.
  const authorize = (authorization: string) =>
    memoizeLast((own: readonly string[]) =>
      namesOf(own).has('authorization') ? own : [...own, 'authorization', authorization],
    );
  const authorizeWith = memoizeLast(authorize);
  return (request: HttpRequest, scope) =>
    next(replaceHeaders(request, authorizeWith(credentials.authorization)(request.headers)), scope);
}

function retrying(send: Exchange, credentials: Credentials, refresh: () => Promise<void>): Exchange {
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
