// The memory that a process may hold for what it is asked, counted in bytes: one budget, and one account a query.

import { PromfedError } from '../model/index.js';

/** What bytes are held for, as messages call it. */
export type MemoryUse =
  'bytes of answers' | 'samples' | 'series' | 'sorting' | 'merging' | 'remote read' | 'metadata';

/** Why something was refused; a fixed set, for a metric's label. */
export const REFUSALS = ['query_memory', 'process_memory', 'queue_full', 'queue_timeout', 'heap'] as const;

export type Refusal = (typeof REFUSALS)[number];

export interface MemoryLimits {
  /** What all queries together may hold. */
  readonly budgetBytes: number;
  /** What one query may hold; not more than all of them. */
  readonly perQueryBytes: number;
}

/**
 * What all queries of a process hold. Counted is what was said to be held, before it is allocated: the garbage between
 * two collections, and what the runtime itself takes, are left room for by whoever makes the limits.
 */
export class MemoryBudget {
  readonly limits: MemoryLimits;
  /** How often something was refused, by reason. */
  readonly refusals: Record<Refusal, number> = {
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

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A new account that has its first `reserveBytes` already; undefined when there is not that much left. */
  tryOpen(reserveBytes: number): QueryMemory | undefined {
    return this.tryGrow(reserveBytes) ? new QueryMemory(this, reserveBytes) : undefined;
  }

  /** For accounts: takes bytes from the budget, or gives them back when below zero. False when they are not there. */
  tryGrow(bytes: number): boolean {
    if (bytes > 0 && this.#heldBytes + bytes > this.limits.budgetBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }
}

/**
 * What one query holds. Whatever was taken and not released is given back when it is closed, which whoever opened it
 * does however the query ends.
 */
export class QueryMemory {
  readonly #budget: MemoryBudget;
  readonly #reserveBytes: number;
  /** What the process' budget is charged: what is held, and the reserve at least. */
  #chargedBytes: number;
  #heldBytes = 0;
  #peakBytes = 0;
  readonly #byUse = new Map<MemoryUse, number>();
  #closed = false;

  /** By `MemoryBudget.tryOpen`, which has charged the reserve. */
  constructor(budget: MemoryBudget, reserveBytes: number) {
    this.#budget = budget;
    this.#reserveBytes = reserveBytes;
    this.#chargedBytes = reserveBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The most that was held at once. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * Takes bytes before they are allocated. What throws has taken nothing.
   *
   * @throws PromfedError `memory` when the query would hold more than one query may; `overloaded` when all queries
   *   together would hold more than the process may; `canceled` when the account is closed.
   */
  take(use: MemoryUse, bytes: number): void {
    if (this.#closed) throw new PromfedError('canceled', 'the request is over');
    const held = this.#heldBytes + bytes;
    const { perQueryBytes } = this.#budget.limits;
    if (held > perQueryBytes) {
      this.#budget.refusals.query_memory++;
      throw new PromfedError(
        'memory',
        `the query would hold more than ${perQueryBytes} bytes of memory (--query.max-memory), ` +
          `most of them for ${this.#most(use, bytes)}`,
      );
    }
    if (held > this.#chargedBytes) this.#charge(held, use, bytes);
    this.#heldBytes = held;
    if (held > this.#peakBytes) this.#peakBytes = held;
    this.#byUse.set(use, (this.#byUse.get(use) ?? 0) + bytes);
  }

  /** Gives back bytes that were taken for the same use. */
  release(use: MemoryUse, bytes: number): void {
    if (this.#closed) return;
    this.#heldBytes -= bytes;
    this.#byUse.set(use, (this.#byUse.get(use) ?? 0) - bytes);
    const charge = Math.max(this.#heldBytes, this.#reserveBytes);
    this.#budget.tryGrow(charge - this.#chargedBytes);
    this.#chargedBytes = charge;
  }

  /** Gives everything back; later releases do nothing, and nothing can be taken any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.tryGrow(-this.#chargedBytes);
    this.#chargedBytes = 0;
    this.#heldBytes = 0;
  }

  /** Closes this account and opens another one with the same reserve, for another attempt at the same query. */
  renew(): QueryMemory {
    this.close();
    // It has just been given back.
    return this.#budget.tryOpen(this.#reserveBytes)!;
  }

  #charge(held: number, use: MemoryUse, bytes: number): void {
    if (!this.#budget.tryGrow(held - this.#chargedBytes)) {
      this.#budget.refusals.process_memory++;
      throw new PromfedError(
        'overloaded',
        `all queries together would hold more than ${this.#budget.limits.budgetBytes} bytes of memory (--memory); ` +
          `this one has ${this.#heldBytes} of them, most for ${this.#most(use, bytes)}; try again later`,
      );
    }
    this.#chargedBytes = held;
  }

  /** What holds most once `bytes` more are held for `use`. */
  #most(use: MemoryUse, bytes: number): MemoryUse {
    let most = use;
    let mostBytes = (this.#byUse.get(use) ?? 0) + bytes;
    for (const [other, held] of this.#byUse) {
      if (other === use || held <= mostBytes) continue;
      most = other;
      mostBytes = held;
    }
    return most;
  }
}
