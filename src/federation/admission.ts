// Admission: a request starts when there is memory and a turn for it; until then it waits, or is refused.

import { PromfedError, type StopSignal } from '../model/index.js';
import type { MemoryBudget, QueryMemory } from '../runtime/index.js';

/**
 * What a request has for itself from its start. What passes through one holds about as much, with what nobody counts:
 * a mebibyte that may come out sorted, a batch read ahead of each region, the block that is being written.
 */
const RESERVE_BYTES = 2 << 20;

/** Requests that wait at once; and for how long. */
const MAX_QUEUED = 1000;
const MAX_WAIT_MS = 20_000;

export interface AdmissionOptions {
  readonly budget: MemoryBudget;
  /** `--query.max-concurrency`; undefined for as many as there is memory for. */
  readonly maxConcurrency: number | undefined;
  /** Whether the runtime's own heap is nearly full; left out, nobody looks. */
  readonly isHeapFull?: () => boolean;
  /** Default 1,000. */
  readonly maxQueued?: number;
  /** Default 20 s. */
  readonly maxWaitMs?: number;
}

/** A request that may run. Whoever holds it calls `release` when the request is over; once is enough. */
export interface Admitted {
  readonly memory: QueryMemory;
  /** Gives the memory back and takes a new account, for another attempt. */
  renew(): QueryMemory;
  release(): void;
}

interface Waiting {
  readonly admit: (admitted: Admitted) => void;
}

/** One for the process: every query and every metadata request comes by. */
export class Admission {
  readonly budget: MemoryBudget;
  readonly #options: AdmissionOptions;
  readonly #queue = new Set<Waiting>();
  #inFlight = 0;

  constructor(options: AdmissionOptions) {
    this.budget = options.budget;
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Admits a request in the order of arrival.
   *
   * @param signal aborts when the client leaves.
   * @param timeoutMs how long the request may take; the wait is a part of it.
   * @throws PromfedError `overloaded` when too many wait already, when it waited too long, or when the heap is nearly
   *   full; `timeout` when its own time is over; `canceled` when the client left.
   */
  admit(signal: StopSignal, timeoutMs: number): Admitted | Promise<Admitted> {
    const { budget } = this;
    if (this.#options.isHeapFull?.() === true) {
      budget.rejections.heap++;
      throw new PromfedError(
        'overloaded',
        "the JavaScript heap is nearly full; try again later (Node's limit: --max-old-space-size)",
      );
    }
    const admitted = this.#queue.size === 0 ? this.#tryAdmit() : undefined;
    if (admitted !== undefined) return admitted;
    if (this.#queue.size >= (this.#options.maxQueued ?? MAX_QUEUED)) {
      budget.rejections.queue_full++;
      throw new PromfedError('overloaded', `${this.#queue.size} requests wait already for ${this.#lack()}`);
    }
    return this.#wait(signal, timeoutMs);
  }

  #wait(signal: StopSignal, timeoutMs: number): Promise<Admitted> {
    const maxWaitMs = this.#options.maxWaitMs ?? MAX_WAIT_MS;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        drop();
        reject(new PromfedError('canceled', 'query was canceled: the client left'));
      };
      const timer = setTimeout(
        () => {
          const lack = this.#lack();
          drop();
          if (timeoutMs <= maxWaitMs) {
            reject(new PromfedError('timeout', `query timed out while it waited for ${lack}`));
            return;
          }
          this.budget.rejections.queue_timeout++;
          reject(new PromfedError('overloaded', `the query waited ${maxWaitMs} ms for ${lack}`));
        },
        Math.min(timeoutMs, maxWaitMs),
      );
      const waiting: Waiting = {
        admit: (admitted) => {
          drop();
          resolve(admitted);
        },
      };
      const drop = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        this.#queue.delete(waiting);
      };
      this.#queue.add(waiting);
      signal.addEventListener('abort', leave);
      if (signal.aborted) leave();
    });
  }

  /** What those that wait are short of, with the flag that says how much there is. */
  #lack(): string {
    const { maxConcurrency } = this.#options;
    return maxConcurrency !== undefined && this.#inFlight >= maxConcurrency
      ? `their turn (limit ${maxConcurrency}, --query.max-concurrency)`
      : `memory (limit ${this.budget.limits.budgetBytes} bytes, --memory)`;
  }

  #tryAdmit(): Admitted | undefined {
    const { maxConcurrency = Infinity } = this.#options;
    if (this.#inFlight >= maxConcurrency) return undefined;
    const opened = this.budget.tryOpen(RESERVE_BYTES);
    if (opened === undefined) return undefined;
    this.#inFlight++;
    let memory = opened;
    let released = false;
    return {
      get memory() {
        return memory;
      },
      renew() {
        memory = memory.renew();
        return memory;
      },
      release: () => {
        if (released) return;
        released = true;
        memory.close();
        this.#inFlight--;
        this.#admitWaiting();
      },
    };
  }

  #admitWaiting(): void {
    for (const waiting of this.#queue) {
      const admitted = this.#tryAdmit();
      if (admitted === undefined) return;
      waiting.admit(admitted);
    }
  }
}
