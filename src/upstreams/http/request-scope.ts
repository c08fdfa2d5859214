// The scope of a request to a target and of each attempt at it: aborts it and reports its end.

import { PromfedError } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { RequestOutcome } from '../metrics.js';
import type { FetchContext } from '../server-group.js';

/** Work in progress that can be aborted. */
export interface Abortable {
  /** Ends the work immediately. It fails with `reason`. */
  abort(reason: PromfedError): void;
}

/** Observes one request. Must not throw. */
export interface RequestObserver {
  /** Called when the headers of a usable response have arrived. */
  answered(): void;
  /** Called once, when the request is over. @param bytes of the response's body that were received, after decoding. */
  ended(outcome: RequestOutcome, bytes: number): void;
}

/**
 * The scope of one request or attempt. It is aborted by the signal of its query, by its parent, or by `abort`. The creator
 * calls `end` when the request is over, which removes the listener of the query's signal.
 *
 * Each attempt at a request has a fork of the request's scope. Aborting or ending a scope does the same to its forks;
 * other forks of the parent are not affected.
 */
export class RequestScope implements Abortable {
  readonly context: FetchContext;
  /** Set by the interceptor that observes this request or attempt. */
  observer: RequestObserver | undefined;
  readonly #parent: RequestScope | undefined;
  #onSignal: (() => void) | undefined;
  #reason: PromfedError | undefined;
  #isEnded = false;
  #running: Abortable | undefined;
  #forks: RequestScope[] | undefined;

  /** Use `RequestScope.open`, `unbound` or `fork`. */
  private constructor(context: FetchContext, parent: RequestScope | undefined) {
    this.context = context;
    this.#parent = parent;
  }

  /**
   * Opens the scope of a request.
   *
   * @param groupName name in the error after the deadline.
   */
  static open(groupName: string, context: FetchContext, clock: Clock): RequestScope {
    const scope = new RequestScope(context, undefined);
    const onSignal = (): void => {
      scope.abort(abortError(groupName, context, clock));
    };
    if (context.signal.aborted) onSignal();
    else context.signal.addEventListener('abort', (scope.#onSignal = onSignal));
    return scope;
  }

  /** Creates the scope of a request that only `abort` aborts, not the signal of the context. */
  static unbound(context: FetchContext): RequestScope {
    return new RequestScope(context, undefined);
  }

  /** Creates the scope of one attempt at this request. */
  fork(): RequestScope {
    const fork = new RequestScope(this.context, this);
    if (this.#reason === undefined) (this.#forks ??= []).push(fork);
    else fork.abort(this.#reason);
    return fork;
  }

  /** The reason of the abort, or `undefined`. */
  get reason(): PromfedError | undefined {
    return this.#reason;
  }

  /** Sets the work that an abort of this scope aborts. Replaces earlier work. */
  run(running: Abortable): void {
    this.#running = running;
  }

  /** Aborts the work of the scope and of its forks immediately, including their connections. */
  abort(reason: PromfedError): void {
    if (this.#reason !== undefined || this.#isEnded) return;
    this.#reason = reason;
    this.#detach();
    this.#running?.abort(reason);
    for (const fork of this.#takeForks()) fork.abort(reason);
  }

  answered(): void {
    this.observer?.answered();
  }

  /** Ends the scope and its forks, and reports the end. Further calls are ignored. */
  end(outcome: RequestOutcome, bytes: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#detach();
    for (const fork of this.#takeForks()) fork.end(outcome, bytes);
    this.observer?.ended(outcome, bytes);
  }

  #takeForks(): readonly RequestScope[] {
    const forks = this.#forks;
    this.#forks = undefined;
    return forks ?? [];
  }

  #forget(fork: RequestScope): void {
    const at = this.#forks?.indexOf(fork) ?? -1;
    if (at >= 0) this.#forks?.splice(at, 1);
  }

  #detach(): void {
    if (this.#onSignal !== undefined) {
      this.context.signal.removeEventListener('abort', this.#onSignal);
      this.#onSignal = undefined;
    }
    if (this.#parent !== undefined) this.#parent.#forget(this);
  }
}

/** Returns the error for an aborted query: `timeout` if the reason of the signal or the deadline says so, else `canceled`. */
function abortError(groupName: string, context: FetchContext, clock: Clock): PromfedError {
  const reason: unknown = context.signal.reason;
  const timedOut =
    reason instanceof PromfedError
      ? reason.code === 'timeout'
      : (reason instanceof Error && reason.name === 'TimeoutError') || clock.now() >= context.deadlineMs;
  return timedOut
    ? new PromfedError('timeout', `query timed out while reading from server group "${groupName}"`, {
        cause: reason,
      })
    : new PromfedError('canceled', 'query was canceled', { cause: reason });
}
