// Computes the number of shards that a queue needs. Source: Prometheus, storage/remote/queue_manager.go
// (`calculateDesiredShards`).

/** Interval of updates. */
export const SHARD_UPDATE_MS = 10_000;

/** Weight of the newest interval in a rate. */
const WEIGHT = 0.2;

/** Smaller relative changes of the number are not made. */
const TOLERANCE = 0.3;

/** Share of the backlog to be sent per second. */
const CATCH_UP_SHARE = 0.05;

/** Fewer shards are used only when the backlog is the input of less than this time. */
const MAX_BACKLOG_SECONDS = 10;

export interface ShardLimits {
  readonly minShards: number;
  readonly maxShards: number;
}

export class ShardCount {
  readonly #limits: ShardLimits;
  readonly #in = new Rate();
  readonly #out = new Rate();
  /** Milliseconds of sending per second. */
  readonly #sendingMs = new Rate();

  constructor(limits: ShardLimits) {
    this.#limits = limits;
  }

  enqueued(samples: number): void {
    this.#in.add(samples);
  }

  /** @param durationMs time from the first attempt to the end of the batch. */
  sent(samples: number, durationMs: number): void {
    this.#out.add(samples);
    this.#sendingMs.add(durationMs);
  }

  /**
   * Ends an interval.
   *
   * @param current the current number of shards.
   * @param pending the number of samples in the queue.
   * @returns the computed number, and the number to use.
   */
  update(current: number, pending: number): { readonly desired: number; readonly shards: number } {
    const inRate = this.#in.endInterval();
    const outRate = this.#out.endInterval();
    const sendingMs = this.#sendingMs.endInterval();
    if (outRate <= 0) return { desired: current, shards: current };
    const secondsPerSample = sendingMs / 1000 / outRate;
    const desired = secondsPerSample * (inRate + CATCH_UP_SHARE * pending);
    return {
      desired,
      shards: this.#within(Math.ceil(desired), current, pending > MAX_BACKLOG_SECONDS * inRate),
    };
  }

  #within(desired: number, current: number, isBehind: boolean): number {
    const { minShards, maxShards } = this.#limits;
    if (desired >= current * (1 - TOLERANCE) && desired <= current * (1 + TOLERANCE)) return current;
    if (desired < current && isBehind) return current;
    return Math.min(Math.max(desired, minShards), maxShards);
  }
}

/** A rate per second, as an exponentially weighted moving average over intervals. */
class Rate {
  #sum = 0;
  #rate: number | undefined;

  add(amount: number): void {
    this.#sum += amount;
  }

  endInterval(): number {
    const rate = this.#sum / (SHARD_UPDATE_MS / 1000);
    this.#sum = 0;
    this.#rate = this.#rate === undefined ? rate : WEIGHT * rate + (1 - WEIGHT) * this.#rate;
    return this.#rate;
  }
}
