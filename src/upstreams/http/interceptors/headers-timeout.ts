// Aborts a request when the response headers do not arrive in time (`timeout` of a server group).

import { PromfedError } from '../../../model/index.js';
import { startTimer } from '../../../runtime/index.js';
import type { Interceptor } from '../exchange.js';

/** @param timeoutMs includes the wait for a connection. */
export function headersTimeout(timeoutMs: number): Interceptor {
  return (next) => async (request, scope) => {
    const cancel = startTimer(timeoutMs, () => {
      scope.abort(new PromfedError('upstream', `no response headers within ${timeoutMs} ms (timeout)`));
    });
    try {
      return await next(request, scope);
    } finally {
      cancel();
    }
  };
}
