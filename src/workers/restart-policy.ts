// The time at which a worker that exited is replaced: at once, later, or never.

/** A worker that lived this long did not exit because of its start. */
const LONG_LIFE_MS = 10_000;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** Number of workers in a row that exit before they are ready, after which no more are started. */
const MAX_FAILED_STARTS = 5;

/** The life of a worker that exited. */
export interface Life {
  readonly wasReady: boolean;
  readonly lifeMs: number;
}

export interface RestartPolicy {
  /** Records that a worker became ready. */
  started(): void;
  /** Returns the delay, in milliseconds, after which a worker that exited is replaced; undefined to give up. */
  ended(life: Life): number | undefined;
}

/** Creates the policy of all workers: a cause that ends one soon after its start most likely ends the others too. */
export function createRestartPolicy(): RestartPolicy {
  let failedStarts = 0;
  let shortLives = 0;
  return {
    started() {
      failedStarts = 0;
    },
    ended({ wasReady, lifeMs }) {
      if (!wasReady && ++failedStarts >= MAX_FAILED_STARTS) return undefined;
      shortLives = wasReady && lifeMs >= LONG_LIFE_MS ? 0 : shortLives + 1;
      return shortLives <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (shortLives - 2));
    },
  };
}
