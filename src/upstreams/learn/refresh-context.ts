// The context of requests that are made in the background.

import { setMaxListeners } from 'node:events';

import type { Clock } from '../../runtime/index.js';
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
