// The life of one request to one target: what may abort it, and with which error.

import { PromfedError, type StopSignal } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type Clock, type MemoryAccount } from '../../runtime/index.js';
import type { ExchangeStats, FetchContext } from '../server-group.js';

/**
 * Aborts its request when the query's signal does, or when one of us says so. Whoever made it calls `end` once the
 * request is over, so that a long query does not collect the listeners of its requests.
 */
export class RequestScope {
  readonly #query: StopSignal;
  readonly #onQueryAbort: () => void;
  readonly stats: ExchangeStats | undefined;
  readonly memory: MemoryAccount;
  /** Told once, with the reason: what is under way now. */
  onAbort: { abort(reason: PromfedError): void } | undefined;
  #reason: PromfedError | undefined;

  /** @param groupName for the message when the deadline passes: which region was waited for. */
  constructor(groupName: string, context: FetchContext, clock: Clock) {
    this.#query = context.signal;
    this.stats = context.stats;
    this.memory = context.memory ?? UNCOUNTED_MEMORY;
    this.#onQueryAbort = () => {
      this.abort(abortError(groupName, context, clock));
    };
    if (this.#query.aborted) this.#onQueryAbort();
    else this.#query.addEventListener('abort', this.#onQueryAbort);
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): PromfedError | undefined {
    return this.#reason;
  }

  /** Ends the request at once, its connection too; what waits for it is thrown `reason`. */
  abort(reason: PromfedError): void {
    this.#query.removeEventListener('abort', this.#onQueryAbort);
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.onAbort?.abort(reason);
  }

  end(): void {
    this.#query.removeEventListener('abort', this.#onQueryAbort);
  }
}

/** A signal says only that the query is over; the deadline tells whether it was time or the client that ended it. */
function abortError(groupName: string, context: FetchContext, clock: Clock): PromfedError {
  const reason: unknown = context.signal.reason;
  const timedOut =
    reason instanceof PromfedError
      ? reason.code === 'timeout'
      : (reason instanceof Error && reason.name === 'TimeoutError') || clock.now() >= context.deadlineMs;
  return timedOut
    ? new PromfedError('timeout', `query timed out: server group "${groupName}" had not answered in full`, {
        cause: reason,
      })
    : new PromfedError('canceled', 'query was canceled', { cause: reason });
}
