// When a worker that ended is replaced: at once, later, or no more.

/** A worker that lived so long did not die of its start. */
const LONG_LIFE_MS = 10_000;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** So many workers in a row that ended before they were ready will not get ready the next time either. */
const MAX_FAILED_STARTS = 5;

/** The life of a worker that ended. */
export interface Life {
  readonly wasReady: boolean;
  readonly lifeMs: number;
}

export interface RestartPolicy {
  /** A worker became ready. */
  started(): void;
  /** A worker ended. In how many milliseconds to replace it; undefined to give up. */
  ended(life: Life): number | undefined;
}

/** One policy for all workers: what ends one soon after its start most likely ends the others too. */
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
