// Bytes of many small items, reserved in steps.

import type { MemoryAccount, MemoryUse } from './memory-budget.js';

/** Difference in bytes from which on the memory account is updated. */
const STEP_BYTES = 64 << 10;

/** Bytes for one use, counted item by item. The memory account may lag behind by one step. */
export class SteppedReservation {
  readonly #memory: MemoryAccount;
  readonly #use: MemoryUse;
  #bytes = 0;
  #reservedBytes = 0;

  constructor(memory: MemoryAccount, use: MemoryUse) {
    this.#memory = memory;
    this.#use = use;
  }

  /** Reserves bytes, or returns them when the number is negative. @throws PromfedError what the account throws. */
  add(bytes: number): void {
    this.#bytes += bytes;
    const change = this.#bytes - this.#reservedBytes;
    if (change >= STEP_BYTES) this.#memory.reserve(this.#use, change);
    else if (change <= -STEP_BYTES) this.#memory.release(this.#use, -change);
    else return;
    this.#reservedBytes = this.#bytes;
  }

  /** Returns everything. */
  release(): void {
    this.#memory.release(this.#use, this.#reservedBytes);
    this.#bytes = 0;
    this.#reservedBytes = 0;
  }
}
