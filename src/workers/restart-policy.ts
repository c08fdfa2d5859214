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

/** The policy of all workers: a cause that ends one soon after its start most likely ends the others too. */
export class RestartPolicy {
  #failedStarts = 0;
  #shortLives = 0;

  /** Records that a worker became ready. */
  workerReady(): void {
    this.#failedStarts = 0;
  }

  /** Records an exit. Returns the delay in milliseconds before the worker is replaced; undefined to give up. */
  workerExited({ wasReady, lifeMs }: Life): number | undefined {
    if (!wasReady && ++this.#failedStarts >= MAX_FAILED_STARTS) return undefined;
    this.#shortLives = wasReady && lifeMs >= LONG_LIFE_MS ? 0 : this.#shortLives + 1;
    return this.#shortLives <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#shortLives - 2));
  }
}
