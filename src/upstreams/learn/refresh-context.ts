// The context of requests that are made in the background.

import { PromfedError, type StopSignal } from '../../model/index.js';
import { Cancellation, type MemoryBudget, type Timers } from '../../runtime/index.js';
import type { FetchContext } from '../server-group.js';

/** Time limit of a refresh. */
const REFRESH_TIMEOUT_MS = 30_000;

/**
 * Runs the requests of a refresh within a time limit. Their signal aborts with a PromfedError as its reason: `timeout`, or
 * `canceled` when `signal` aborts.
 *
 * Does not use `AbortSignal.any` with `AbortSignal.timeout`: Node.js 20 may collect the timeout as garbage, and the refresh
 * would never end.
 */
export async function withRefreshContext<T>(
  signal: StopSignal,
  timers: Pick<Timers, 'now' | 'schedule'>,
  run: (context: FetchContext) => Promise<T>,
  timeoutMs = REFRESH_TIMEOUT_MS,
): Promise<T> {
  const cancellation = new Cancellation();
  const onStop = (): void => {
    cancellation.abort(new PromfedError('canceled', 'the refresh was stopped'));
  };
  const cancelTimer = timers.schedule(timeoutMs, () => {
    cancellation.abort(new PromfedError('timeout', `the refresh took more than ${timeoutMs / 1000} s`));
  });
  signal.addEventListener('abort', onStop);
  if (signal.aborted) onStop();
  try {
    const deadlineMs = timers.now() + timeoutMs;
    return await run({ signal: cancellation, deadlineMs, lookbackDeltaMs: undefined });
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', onStop);
  }
}

/**
 * Runs requests with a memory account of their own, which is closed when `run` has ended: what it returns is not counted.
 *
 * @param budget undefined for memory that is not counted.
 */
export async function withAccount<T>(
  context: FetchContext,
  budget: MemoryBudget | undefined,
  run: (context: FetchContext) => Promise<T>,
): Promise<T> {
  const memory = budget?.tryOpen(0);
  try {
    return await run({ ...context, memory });
  } finally {
    memory?.close();
  }
}
