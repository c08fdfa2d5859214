// The requests of one query to server groups: their total number, and those to one group at the same time.

import { asPromfedError, type StopSignal } from '../model/index.js';
import { tooManyRequests } from '../promql/plan/index.js';
import { sendingTurn } from '../runtime/index.js';

/** Maximum number of requests of one query to one server group at the same time. Further ones wait. */
const MAX_CONCURRENT_PER_GROUP = 64;

/** Maximum number of waiting tasks that start in one turn of the event loop. Those of a query that has ended fail at once. */
const STARTED_EACH_TURN = 256;

/**
 * Counts and orders the requests of one query, in all attempts at it. A request counts once, although it is sent to the
 * replicas of its group. Owned by one query.
 */
export class QueryRequests {
  readonly #max: number;
  #sent = 0;
  /** Orders the tasks of a query with many requests. Undefined for all others: none of their tasks has to wait. */
  #places: GroupPlaces | undefined;

  /** @param max `--query.max-requests`; Infinity for no limit. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The number of requests that may still be sent. */
  get left(): number {
    return this.#max - this.#sent;
  }

  /**
   * Counts a request that is sent next.
   *
   * @throws PromfedError `limit` beyond the limit of the query.
   */
  count(): void {
    if (this.#sent >= this.#max) throw tooManyRequests(`more than ${this.#max}`, this.#max);
    this.#sent++;
  }

  /**
   * Checks a plan before its first request is sent.
   *
   * @param planned number of requests of the plan.
   * @throws PromfedError `limit` when the query may not send them.
   */
  check(planned: number): void {
    if (planned > this.left) throw tooManyRequests(String(planned + this.#sent), this.#max);
    if (planned > MAX_CONCURRENT_PER_GROUP) this.#places ??= new GroupPlaces();
  }

  /**
   * Runs a task that sends one request to each of the groups: at once, or when earlier tasks have ended. Tasks start in
   * the order of their calls.
   *
   * @throws PromfedError the reason of the signal when it aborts before the task starts. Errors of the task.
   */
  run<T>(groupsOf: () => readonly string[], signal: StopSignal, task: () => Promise<T>): Promise<T> {
    return this.#places === undefined ? task() : this.#places.run(groupsOf(), signal, task);
  }
}

/** The places for requests to each group. */
class GroupPlaces {
  /** Number of running tasks by group. */
  readonly #running = new Map<string, number>();
  readonly #waiting = new Set<WaitingTask>();
  #isStarting = false;
  #isScheduled = false;

  /** Runs a task when it has a place in all of its groups: it takes them together, so that no two tasks wait for each other. */
  run<T>(groups: readonly string[], signal: StopSignal, task: () => Promise<T>): Promise<T> {
    const start = async (): Promise<T> => {
      this.#add(groups, 1);
      try {
        if (signal.aborted) throw asPromfedError(signal.reason);
        return await task();
      } finally {
        this.#add(groups, -1);
        this.#startWaiting();
      }
    };
    if (this.#waiting.size === 0 && this.#hasRoom(groups) && !sendingTurn.isUsedUp) return start();
    return new Promise((resolve) => {
      this.#waiting.add({
        groups,
        start: () => {
          resolve(start());
        },
      });
      this.#schedule();
    });
  }

  /** Starts the tasks that have a place: one at least, further ones in the time of this turn of the event loop. */
  #startWaiting(): void {
    // A task that fails at once calls this method again.
    if (this.#isStarting) return;
    this.#isStarting = true;
    let started = 0;
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom(waiting.groups)) break;
      if (started === STARTED_EACH_TURN || (started > 0 && sendingTurn.isUsedUp)) {
        this.#schedule();
        break;
      }
      this.#waiting.delete(waiting);
      waiting.start();
      started++;
    }
    this.#isStarting = false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#startWaiting();
    });
  }

  #hasRoom(groups: readonly string[]): boolean {
    return groups.every((group) => (this.#running.get(group) ?? 0) < MAX_CONCURRENT_PER_GROUP);
  }

  #add(groups: readonly string[], change: 1 | -1): void {
    for (const group of groups) this.#running.set(group, (this.#running.get(group) ?? 0) + change);
  }
}

/** A task that waits for its places. */
interface WaitingTask {
  readonly groups: readonly string[];
  readonly start: () => void;
}

/** For requests whose number does not depend on the query, such as one to each group. */
export const UNCOUNTED_REQUESTS: Pick<QueryRequests, 'count'> = { count: () => undefined };
