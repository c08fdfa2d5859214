// Timers of any length. The delay may come from a configuration or a request.

/** Longest delay of setTimeout, 25 days. It runs a function with a longer delay immediately. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Runs a function once, after a delay. Returns a function that cancels it.
 *
 * @param keepsAlive false when the process may end before.
 */
export function startTimer(delayMs: number, run: () => void, keepsAlive = true): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const partMs = Math.min(leftMs, MAX_DELAY_MS);
    // eslint-disable-next-line no-restricted-syntax -- this function splits delays
    timer = setTimeout(() => {
      if (leftMs > partMs) wait(leftMs - partMs);
      else run();
    }, partMs);
    if (!keepsAlive) timer.unref();
  };
  wait(delayMs);
  return () => {
    clearTimeout(timer);
  };
}
