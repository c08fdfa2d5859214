// Repeats a request that was sent on an idle connection while the target was closing it.

import type { Clock } from '../../../runtime/index.js';
import type { Interceptor } from '../exchange.js';

/** A closed idle connection fails within a round trip. Later failures have other causes and are not retried. */
const STALE_WITHIN_MS = 1000;

/**
 * Retries once. All requests are idempotent: reads, and alerts and samples that receivers deduplicate. A second retry could crash a target repeatedly, if the query is the cause of
 * the crash.
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
