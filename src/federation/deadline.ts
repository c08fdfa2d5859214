// Deadlines: when the work of one request has to end, and the signals that end it.

import { PromfedError, type StopSignal } from '../model/index.js';
import { Cancellation, type Clock } from '../runtime/index.js';

/** The share of its time that a query keeps for answering without the optional groups that are late. */
const OPTIONAL_SHARE = 0.95;

/** One for all requests: an error costs its stack trace, and this one is told to nobody. */
const OVER = new PromfedError('canceled', 'the request is over');

/** What one piece of work is bound by. */
export interface Bound {
  /** Aborts with a PromfedError as its reason: `timeout` or `canceled`. */
  readonly signal: StopSignal;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * The deadline of one request. Groups that must answer have until the end; optional ones (`ignore_error`) a little
 * less, so that one that never answers becomes a warning of an answer that still comes in time.
 *
 * Whoever creates it calls `release` when the request is over, however it ended.
 */
export interface Deadline {
  readonly required: Bound;
  readonly optional: Bound;
  /** Ends the work now, for instance because a required group failed. */
  abort(reason: PromfedError): void;
  /** Ends what is still under way and lets go of the timers and the client's signal. */
  readonly release: () => void;
  /** As `release`, when nothing is under way any more. */
  readonly settle: () => void;
}

/**
 * @param client aborts when the client leaves.
 * @param timeoutMs how long the request may take from now on; more than 0.
 */
export function createDeadline(client: StopSignal, timeoutMs: number, clock: Clock): Deadline {
  const required = new Cancellation();
  const nowMs = clock.now();
  const startMs = performance.now();
  let settled = false;
  /** Made when somebody asks for it: most requests have no optional groups. */
  let optional: { readonly ending: Cancellation; readonly timer: NodeJS.Timeout } | undefined;
  const abort = (reason: PromfedError): void => {
    required.abort(reason);
    optional?.ending.abort(reason);
  };
  const createOptional = (): NonNullable<typeof optional> => {
    const ending = new Cancellation();
    const leftMs = timeoutMs * OPTIONAL_SHARE - (performance.now() - startMs);
    const timer = setTimeout(() => {
      ending.abort(late());
    }, leftMs);
    if (settled) clearTimeout(timer);
    if (required.aborted) ending.abort(required.reason);
    return { ending, timer };
  };
  const leave = (): void => {
    abort(new PromfedError('canceled', 'query was canceled: the client left'));
  };
  const timer = setTimeout(() => {
    abort(late());
  }, timeoutMs);
  client.addEventListener('abort', leave);
  if (client.aborted) leave();
  const settle = (): void => {
    settled = true;
    clearTimeout(timer);
    clearTimeout(optional?.timer);
    client.removeEventListener('abort', leave);
  };
  return {
    required: { signal: required, atMs: nowMs + timeoutMs },
    get optional() {
      optional ??= createOptional();
      return { signal: optional.ending, atMs: nowMs + timeoutMs * OPTIONAL_SHARE };
    },
    abort,
    release: () => {
      settle();
      abort(OVER);
    },
    settle,
  };
}

function late(): PromfedError {
  return new PromfedError('timeout', 'query timed out in expression evaluation');
}
