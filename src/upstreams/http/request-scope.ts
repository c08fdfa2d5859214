// The life of one request to one target, and of each attempt at it: what may abort it, and who observes its end.

import { PromfedError } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { RequestOutcome } from '../metrics.js';
import type { FetchContext } from '../server-group.js';

/** Work in progress that can be ended at once. */
export interface Abortable {
  abort(reason: PromfedError): void;
}

/** Observes one request. Must not throw. */
export interface RequestObserver {
  /** A usable response has begun: its headers have arrived. */
  answered(): void;
  /** The request is over. Called once; `bytes` of the response's body were read, after decoding. */
  ended(outcome: RequestOutcome, bytes: number): void;
}

/**
 * A scope is aborted by its query's signal, by its parent, or by `abort`. Its creator calls `end` once the request is
 * over, so that a long query does not collect the listeners of its requests.
 *
 * Two attempts at one request have a fork each: aborting one fork leaves the other alone, and aborting or ending the
 * parent aborts or ends both.
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

  /** Use `RequestScope.open` or `fork`. */
  private constructor(context: FetchContext, parent: RequestScope | undefined) {
    this.context = context;
    this.#parent = parent;
  }

  /** @param groupName named in the error when the deadline passes. */
  static open(groupName: string, context: FetchContext, clock: Clock): RequestScope {
    const scope = new RequestScope(context, undefined);
    const onSignal = (): void => {
      scope.abort(abortError(groupName, context, clock));
    };
    if (context.signal.aborted) onSignal();
    else context.signal.addEventListener('abort', (scope.#onSignal = onSignal));
    return scope;
  }

  /** A scope for one attempt at this request. */
  fork(): RequestScope {
    const fork = new RequestScope(this.context, this);
    if (this.#reason === undefined) (this.#forks ??= []).push(fork);
    else fork.abort(this.#reason);
    return fork;
  }

  /** The error it was aborted with; undefined when it was not aborted. */
  get reason(): PromfedError | undefined {
    return this.#reason;
  }

  /** Aborts `running` when the scope is aborted. Takes the place of what ran in this scope before. */
  run(running: Abortable): void {
    this.#running = running;
  }

  /** Ends what runs in the scope and its forks at once, their connections included; it fails with `reason`. */
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

  /** Ends the scope and its forks; only the first call counts. */
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

/** A signal only says that the query is over; the deadline shows whether time or the client ended it. */
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
