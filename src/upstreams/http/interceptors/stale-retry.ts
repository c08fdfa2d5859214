// Sends a request a second time when the target closed the idle connection that it was sent on.

import type { Clock } from '../../../runtime/index.js';
import type { Interceptor } from '../exchange.js';

/** A connection that was closed while idle fails within a round trip; later failures are the target's own. */
const STALE_WITHIN_MS = 1000;

/**
 * Requests only read, so one may be sent twice. It is not sent a third time, so that a query that crashes its target
 * does not crash it again and again.
 */
export function staleRetry(clock: Clock): Interceptor {
  return (next) => async (request, scope) => {
    const sentMs = clock.now();
    const first = scope.fork();
    try {
      return await next(request, first);
    } catch (thrown) {
      const isAborted = scope.reason !== undefined;
      first.end(isAborted ? 'canceled' : 'error', 0);
      if (isAborted || clock.now() - sentMs > STALE_WITHIN_MS || !mayBeStale(thrown)) throw thrown;
      return await next(request, scope.fork());
    }
  };
}

function mayBeStale(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return thrown.code === 'UND_ERR_SOCKET' || thrown.code === 'ECONNRESET' || thrown.code === 'EPIPE';
}
