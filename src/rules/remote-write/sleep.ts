import type { StopSignal } from '../../model/index.js';
import type { Timers } from '../../runtime/index.js';

/** Resolves after a delay, or as soon as the signal aborts. */
export function sleep(timers: Timers, delayMs: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = timers.schedule(delayMs, end);
    signal.addEventListener('abort', end);
  });
}
