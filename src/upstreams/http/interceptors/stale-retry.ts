// Sends a request again, once, when it met a kept-alive connection that the target was just closing.

import type { Clock } from '../../../runtime/index.js';
import type { Exchange } from '../exchange.js';

/** A connection that was closed while idle fails within a round trip; later failures are the target's own. */
const STALE_WITHIN_MS = 1000;

/**
 * Every request here only reads, so it may be sent twice. It is sent a second time at most, so that a query that
 * kills a target does not kill it again and again.
 */
export function withStaleRetry(next: Exchange, clock: Clock): Exchange {
  return async (request, scope) => {
    const sentMs = clock.now();
    try {
      return await next(request, scope);
    } catch (thrown) {
      if (scope.reason !== undefined || clock.now() - sentMs > STALE_WITHIN_MS || !mayBeStale(thrown))
        throw thrown;
      return await next(request, scope);
    }
  };
}

function mayBeStale(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return thrown.code === 'UND_ERR_SOCKET' || thrown.code === 'ECONNRESET' || thrown.code === 'EPIPE';
}
