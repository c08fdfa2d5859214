// Deadlines: when a request has to end, and the signals that end it.

import { PromfedError, type StopSignal } from '../model/index.js';
import { Cancellation, startTimer, type Clock } from '../runtime/index.js';

/** The share of the timeout that optional groups get. The rest remains for an answer without them. */
const OPTIONAL_SHARE = 0.95;

/** Shared by all requests, because creating an error captures a stack trace. Never reported. */
const REQUEST_OVER = new PromfedError('canceled', 'the request is over');

/** The deadline of the requests to required or to optional groups. */
export interface GroupDeadline {
  /** Aborts with a PromfedError as its reason: `timeout`, `canceled`, or the failure of a required group. */
  readonly signal: StopSignal;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

interface TimedDeadline extends GroupDeadline {
  readonly signal: Cancellation;
  readonly cancelTimer: () => void;
}

/**
 * The deadline of one request. Required groups have the whole timeout. Optional groups (`ignore_error`) have a little
 * less: when one of them never answers, the others still answer in time, with a warning.
 *
 * The owner calls `release` or `disarm` when the request is over, however it ended.
 */
export class Deadline {
  readonly #client: StopSignal;
  readonly #timeoutMs: number;
  readonly #nowMs: number;
  readonly #startMs = performance.now();
  readonly #required: TimedDeadline;
  /** Created on demand: most requests have no optional groups. */
  #optional: TimedDeadline | undefined;
  #isDisarmed = false;
  readonly #onClientLeft = (): void => {
    this.abort(new PromfedError('canceled', 'query was canceled: the client left'));
  };

  /**
   * @param client aborts when the client leaves.
   * @param timeoutMs from now on; above 0.
   */
  constructor(client: StopSignal, timeoutMs: number, clock: Clock) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#nowMs = clock.now();
    this.#required = {
      signal: new Cancellation(),
      atMs: this.#nowMs + timeoutMs,
      cancelTimer: startTimer(timeoutMs, () => {
        this.abort(timedOut());
      }),
    };
    client.addEventListener('abort', this.#onClientLeft);
    if (client.aborted) this.#onClientLeft();
  }

  get required(): GroupDeadline {
    return this.#required;
  }

  get optional(): GroupDeadline {
    this.#optional ??= this.#startOptional();
    return this.#optional;
  }

  /** Ends the work of the request. */
  abort(reason: PromfedError): void {
    this.#required.signal.abort(reason);
    this.#optional?.signal.abort(reason);
  }

  /** Ends the request with all work that is still running. */
  release(): void {
    this.disarm();
    this.abort(REQUEST_OVER);
  }

  /** Ends a request without running work: stops the timers and no longer listens to the client. */
  disarm(): void {
    this.#isDisarmed = true;
    this.#required.cancelTimer();
    this.#optional?.cancelTimer();
    this.#client.removeEventListener('abort', this.#onClientLeft);
  }

  #startOptional(): TimedDeadline {
    const signal = new Cancellation();
    const timeoutMs = this.#timeoutMs * OPTIONAL_SHARE;
    const elapsedMs = performance.now() - this.#startMs;
    const cancelTimer = startTimer(timeoutMs - elapsedMs, () => {
      signal.abort(timedOut());
    });
    if (this.#isDisarmed) cancelTimer();
    const required = this.#required.signal;
    if (required.aborted) signal.abort(required.reason);
    return { signal, atMs: this.#nowMs + timeoutMs, cancelTimer };
  }
}

/** Source: Prometheus, promql/engine.go (`ErrQueryTimeout`). */
export function timedOut(): PromfedError {
  return new PromfedError('timeout', 'query timed out in expression evaluation');
}
