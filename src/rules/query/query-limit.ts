// The limit on concurrent queries of rules, which no rule group can use up for the others.

/**
 * Maximum number of queries that run at the same time, beyond one for each group. Others wait, without a place in the queue
 * of queries.
 */
const MAX_SHARED_QUERIES = 20;

interface Waiting {
  readonly group: GroupLimit;
  readonly start: (slot: Slot) => void;
}

/** The place in which a query runs: that of its group, or one of the shared ones. */
type Slot = 'own' | 'shared';

/**
 * Limits the queries that run at the same time. Each rule group may always run one query, and all groups share a number of
 * further ones. Groups whose region does not answer therefore delay no other group.
 *
 * Source: Prometheus, rules/manager.go (`RuleConcurrencyController`): there too, the further queries are limited.
 */
export class QueryLimit {
  #sharedFree: number;
  /** In the order of their arrival. */
  readonly #waiting: Waiting[] = [];

  /** @param shared number of queries beyond the first one of each group. */
  constructor(shared = MAX_SHARED_QUERIES) {
    this.#sharedFree = shared;
  }

  /** Returns the limit of one group. */
  forGroup(): GroupLimit {
    return new GroupLimit(this);
  }

  /** Resolves when a query of the group may start. */
  acquire(group: GroupLimit): Slot | Promise<Slot> {
    if (!group.isOwnInUse) {
      group.isOwnInUse = true;
      return 'own';
    }
    if (this.#sharedFree > 0) {
      this.#sharedFree--;
      return 'shared';
    }
    return new Promise((start) => this.#waiting.push({ group, start }));
  }

  release(group: GroupLimit, slot: Slot): void {
    const index = slot === 'shared' ? 0 : this.#waiting.findIndex((one) => one.group === group);
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (next !== undefined) next.start(slot);
    else if (slot === 'shared') this.#sharedFree++;
    else group.isOwnInUse = false;
  }
}

/** The limit of one rule group. */
export class GroupLimit {
  /** True while a query runs in the place of the group. Maintained by `QueryLimit`. */
  isOwnInUse = false;
  readonly #limit: QueryLimit;

  constructor(limit: QueryLimit) {
    this.#limit = limit;
  }

  /** Runs a query when there is a place for it. */
  async run<T>(query: () => Promise<T>): Promise<T> {
    const acquired = this.#limit.acquire(this);
    const slot = acquired instanceof Promise ? await acquired : acquired;
    try {
      return await query();
    } finally {
      this.#limit.release(this, slot);
    }
  }
}
