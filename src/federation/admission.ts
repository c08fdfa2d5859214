// Admission: a request starts when there is memory and a free slot for it. Until then it waits, or is rejected.

import { PromfedError, type StopSignal } from '../model/index.js';
import {
  startTimer,
  UNCOUNTED_MEMORY,
  type MemoryAccount,
  type MemoryBudget,
  type QueryMemory,
} from '../runtime/index.js';

/**
 * Bytes reserved for every admitted request. A request that passes through holds about as much in buffers that are not
 * counted: up to 1 MiB that is sorted, a batch read ahead from each region, and the block that is being written.
 */
const RESERVED_BYTES = 2 << 20;

/** Limits on waiting requests: their number, and the time that each of them waits. */
const MAX_QUEUED = 1000;
const MAX_WAIT_MS = 20_000;

export interface AdmissionOptions {
  readonly budget: MemoryBudget;
  /** `--query.max-concurrency`; undefined admits as many requests as there is memory for. */
  readonly maxConcurrency: number | undefined;
  /** Reports whether the JavaScript heap is nearly full. Default: never. */
  readonly isHeapFull?: () => boolean;
  /** Default 1,000. */
  readonly maxQueued?: number;
  /** Default 20 s. */
  readonly maxWaitMs?: number;
}

/** A request that may run. The holder calls `release` when the request is over. Further calls do nothing. */
export interface Admitted {
  readonly memory: MemoryAccount;
  /** Closes the memory account and opens another one, for another attempt at the request. */
  renew(): MemoryAccount;
  release(): void;
}

const ADMITTED: Admitted = {
  memory: UNCOUNTED_MEMORY,
  renew: () => UNCOUNTED_MEMORY,
  release: () => undefined,
};

/** Admits every request at once, and does not count its memory. */
export const UNLIMITED: Pick<Admission, 'admit'> = { admit: () => ADMITTED };

/** Admits all queries and metadata requests of one process. */
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
   * @param timeoutMs timeout of the request, which includes the wait.
   * @throws PromfedError `overloaded` when too many requests wait already, when the request has waited too long, or when
   *   the heap is nearly full; `timeout` when its own timeout has passed; `canceled` when the client left.
   */
  admit(signal: StopSignal, timeoutMs: number): Admitted | Promise<Admitted> {
    const { budget } = this;
    // Without a running request the heap is full of garbage, which only the next request collects.
    if (this.#inFlight > 0 && this.#options.isHeapFull?.() === true) {
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
      throw new PromfedError(
        'overloaded',
        `${this.#queue.size} requests already wait for ${this.#missingResource()}`,
      );
    }
    return this.#wait(signal, timeoutMs);
  }

  #wait(signal: StopSignal, timeoutMs: number): Promise<Admitted> {
    const maxWaitMs = this.#options.maxWaitMs ?? MAX_WAIT_MS;
    return new Promise((resolve, reject) => {
      const waiting = new Waiting(signal, Math.min(timeoutMs, maxWaitMs), {
        admit: resolve,
        leave: () => {
          reject(new PromfedError('canceled', 'query was canceled: the client left'));
        },
        expire: () => {
          const missing = this.#missingResource();
          if (timeoutMs <= maxWaitMs) {
            reject(new PromfedError('timeout', `query timed out while it waited for ${missing}`));
            return;
          }
          this.budget.rejections.queue_timeout++;
          reject(new PromfedError('overloaded', `the query waited ${maxWaitMs} ms for ${missing}`));
        },
        end: () => {
          this.#queue.delete(waiting);
        },
      });
      this.#queue.add(waiting);
      waiting.start();
    });
  }

  /** The resource that waiting requests lack, with its limit and the flag that sets it. */
  #missingResource(): string {
    const { maxConcurrency } = this.#options;
    return maxConcurrency !== undefined && this.#inFlight >= maxConcurrency
      ? `a free slot (limit ${maxConcurrency}, --query.max-concurrency)`
      : `memory (limit ${this.budget.limits.budgetBytes} bytes, --memory)`;
  }

  #tryAdmit(): Admitted | undefined {
    const { maxConcurrency = Infinity } = this.#options;
    if (this.#inFlight >= maxConcurrency) return undefined;
    const memory = this.budget.tryOpen(RESERVED_BYTES);
    if (memory === undefined) return undefined;
    this.#inFlight++;
    return new AdmittedRequest(memory, () => {
      this.#inFlight--;
      this.admitWaiting();
    });
  }

  /** Admits requests that wait. Called when other holders than admitted requests have returned memory to the budget. */
  admitWaiting(): void {
    for (const waiting of this.#queue) {
      const admitted = this.#tryAdmit();
      if (admitted === undefined) return;
      waiting.admit(admitted);
    }
  }
}

class AdmittedRequest implements Admitted {
  #memory: QueryMemory;
  readonly #onRelease: () => void;
  #isReleased = false;

  constructor(memory: QueryMemory, onRelease: () => void) {
    this.#memory = memory;
    this.#onRelease = onRelease;
  }

  get memory(): QueryMemory {
    return this.#memory;
  }

  renew(): QueryMemory {
    this.#memory = this.#memory.renew();
    return this.#memory;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#memory.close();
    this.#onRelease();
  }
}

/** Called when the wait of one request is over: `end` first, and then one of the others. */
interface WaitHandlers {
  readonly end: () => void;
  readonly admit: (admitted: Admitted) => void;
  /** The client left. */
  readonly leave: () => void;
  /** The request has waited too long. */
  readonly expire: () => void;
}

/** A request that waits. */
class Waiting {
  readonly #signal: StopSignal;
  readonly #maxWaitMs: number;
  readonly #handlers: WaitHandlers;
  #cancelTimer: (() => void) | undefined;
  readonly #onAbort = (): void => {
    this.#end();
    this.#handlers.leave();
  };

  constructor(signal: StopSignal, maxWaitMs: number, handlers: WaitHandlers) {
    this.#signal = signal;
    this.#maxWaitMs = maxWaitMs;
    this.#handlers = handlers;
  }

  start(): void {
    this.#cancelTimer = startTimer(this.#maxWaitMs, () => {
      this.#end();
      this.#handlers.expire();
    });
    this.#signal.addEventListener('abort', this.#onAbort);
    if (this.#signal.aborted) this.#onAbort();
  }

  admit(admitted: Admitted): void {
    this.#end();
    this.#handlers.admit(admitted);
  }

  #end(): void {
    this.#cancelTimer?.();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#handlers.end();
  }
}
