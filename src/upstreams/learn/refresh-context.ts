// The context of requests that are made in the background.

import { setMaxListeners } from 'node:events';

import type { Clock, MemoryBudget } from '../../runtime/index.js';
import type { FetchContext } from '../server-group.js';

/** Time limit of a refresh. */
const REFRESH_TIMEOUT_MS = 30_000;

export function refreshContext(signal: AbortSignal, clock: Clock): FetchContext {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(REFRESH_TIMEOUT_MS)]);
  // Each target adds a listener; Node.js would warn of a leak from eleven on.
  setMaxListeners(0, bound);
  return {
    signal: bound,
    deadlineMs: clock.now() + REFRESH_TIMEOUT_MS,
    lookbackDeltaMs: undefined,
  };
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
