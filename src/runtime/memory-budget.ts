// The memory budget of a process, in bytes, and the account that each query has within it.

import { PromfedError } from '../model/index.js';

/** Purpose of reserved bytes, as error messages print it. */
export type MemoryUse =
  | 'upstream responses'
  | 'samples'
  | 'series'
  | 'labels'
  | 'expressions'
  | 'sorting'
  | 'merging'
  | 'remote read'
  | 'metadata';

/** Reasons for rejecting or ending a request. A fixed set: they are values of a metric label. */
export const REJECTIONS = ['query_memory', 'process_memory', 'queue_full', 'queue_timeout', 'heap'] as const;

export type Rejection = (typeof REJECTIONS)[number];

export interface MemoryLimits {
  /** Upper bound on the bytes that all queries of the process hold together, inclusive. */
  readonly budgetBytes: number;
  /** Upper bound on the bytes that one query holds, inclusive. At most `budgetBytes`. */
  readonly perQueryBytes: number;
}

/** Where work accounts for the bytes that it holds. */
export interface MemoryAccount {
  /**
   * Reserves bytes. Call it before the memory is allocated.
   *
   * @throws PromfedError when the bytes are not available. Nothing is reserved then.
   */
  reserve(use: MemoryUse, bytes: number): void;
  /** Returns bytes that the caller reserved earlier for the same use. */
  release(use: MemoryUse, bytes: number): void;
}

/** An account without limits that counts nothing. */
export const UNCOUNTED_MEMORY: MemoryAccount = {
  reserve() {
    // Counts nothing.
  },
  release() {
    // Counts nothing.
  },
};

/**
 * The bytes held by all queries of one process.
 *
 * The budget counts reservations, not the heap. Garbage between two collections and the runtime's own memory are not
 * counted; the limits must leave room for them.
 */
export class MemoryBudget {
  readonly limits: MemoryLimits;
  /** Number of rejections since the process started, by reason. */
  readonly rejections: Record<Rejection, number> = {
    query_memory: 0,
    process_memory: 0,
    queue_full: 0,
    queue_timeout: 0,
    heap: 0,
  };
  #heldBytes = 0;

  constructor(limits: MemoryLimits) {
    this.limits = limits;
  }

  /** Sum of all open accounts, in bytes. An account counts with its initial reservation at least. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Opens an account with `initialBytes` charged from the start. Returns undefined when they are not available. The
   * caller closes the account.
   */
  tryOpen(initialBytes: number): QueryMemory | undefined {
    return this.tryGrow(initialBytes) ? new QueryMemory(this, initialBytes) : undefined;
  }

  /** Charges bytes on behalf of an account. Returns false, and charges nothing, when they exceed the budget. */
  tryGrow(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.limits.budgetBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** Returns bytes charged by `tryGrow`. */
  shrink(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/**
 * The account of one query: the bytes that it holds, by use.
 *
 * The caller that opens an account closes it, however the query ends. Closing returns every reservation that was not
 * released.
 */
export class QueryMemory implements MemoryAccount {
  readonly #budget: MemoryBudget;
  readonly #initialBytes: number;
  /** Bytes charged to the budget: the greater of `#heldBytes` and `#initialBytes`; 0 once closed. */
  #chargedBytes: number;
  #heldBytes = 0;
  #peakBytes = 0;
  readonly #byUse = new Map<MemoryUse, number>();
  #closed = false;

  /** Called by `MemoryBudget.tryOpen`, which has charged `initialBytes` already. */
  constructor(budget: MemoryBudget, initialBytes: number) {
    this.#budget = budget;
    this.#initialBytes = initialBytes;
    this.#chargedBytes = initialBytes;
  }

  /** Bytes reserved and not released. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Highest value that `heldBytes` has had. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * Reserves bytes before they are allocated. The budget is charged only for bytes beyond the initial reservation.
   *
   * @throws PromfedError `memory` beyond the limit of one query, `overloaded` beyond the budget of the process,
   *   `canceled` when the account is closed. Nothing is reserved then.
   */
  reserve(use: MemoryUse, bytes: number): void {
    if (this.#closed) {
      throw new PromfedError('canceled', 'memory not reserved: the request has ended');
    }
    const held = this.#heldBytes + bytes;
    const { perQueryBytes } = this.#budget.limits;
    if (held > perQueryBytes) {
      this.#budget.rejections.query_memory++;
      throw new PromfedError(
        'memory',
        `query memory limit exceeded: the query needs more than ${perQueryBytes} bytes, ` +
          `mainly for ${this.#largestUse(use, bytes)}; narrow the query or raise --query.max-memory`,
      );
    }
    if (held > this.#chargedBytes) this.#charge(held, use, bytes);
    this.#heldBytes = held;
    if (held > this.#peakBytes) this.#peakBytes = held;
    this.#byUse.set(use, (this.#byUse.get(use) ?? 0) + bytes);
  }

  /** Returns bytes reserved for the same use. Does nothing once the account is closed. */
  release(use: MemoryUse, bytes: number): void {
    if (this.#closed) return;
    this.#heldBytes -= bytes;
    this.#byUse.set(use, (this.#byUse.get(use) ?? 0) - bytes);
    const charge = Math.max(this.#heldBytes, this.#initialBytes);
    this.#budget.shrink(this.#chargedBytes - charge);
    this.#chargedBytes = charge;
  }

  /** Returns everything to the budget. Later calls of `release` and `close` do nothing; `reserve` throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.shrink(this.#chargedBytes);
    this.#chargedBytes = 0;
    this.#heldBytes = 0;
  }

  /** Closes this account and opens one with the same initial reservation, for another attempt at the query. */
  renew(): QueryMemory {
    this.close();
    // Available: close() has returned at least as many bytes.
    return this.#budget.tryOpen(this.#initialBytes)!;
  }

  #charge(held: number, use: MemoryUse, bytes: number): void {
    if (!this.#budget.tryGrow(held - this.#chargedBytes)) {
      this.#budget.rejections.process_memory++;
      throw new PromfedError(
        'overloaded',
        `process memory limit exceeded: all queries together need more than ${this.#budget.limits.budgetBytes} bytes; ` +
          `this query holds ${this.#heldBytes} of them, mainly for ${this.#largestUse(use, bytes)}; ` +
          'try again later or raise --memory',
      );
    }
    this.#chargedBytes = held;
  }

  /** Returns the use that would hold most with `bytes` more for `use`. */
  #largestUse(use: MemoryUse, bytes: number): MemoryUse {
    let largest = use;
    let largestBytes = (this.#byUse.get(use) ?? 0) + bytes;
    for (const [other, held] of this.#byUse) {
      if (other === use || held <= largestBytes) continue;
      largest = other;
      largestBytes = held;
    }
    return largest;
  }
}
