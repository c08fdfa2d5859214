// The bytes that the metadata of one response holds.

import type { MemoryAccount } from '../../runtime/index.js';

/** Difference in bytes from which on the memory account is updated: elements are small. */
const ACCOUNT_STEP_BYTES = 64 << 10;

/** Memory of a string besides its characters: its header, and its place in a list. */
export const STRING_BYTES = 24;

/** Counts what is kept of one response. The account may lag behind by one step. */
export class MetadataHold {
  readonly #memory: MemoryAccount;
  #bytes = 0;
  #reservedBytes = 0;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  /** @param bytes negative when something is no longer held. @throws PromfedError what the account throws. */
  add(bytes: number): void {
    this.#bytes += bytes;
    const change = this.#bytes - this.#reservedBytes;
    if (change >= ACCOUNT_STEP_BYTES) this.#memory.reserve('metadata', change);
    else if (change <= -ACCOUNT_STEP_BYTES) this.#memory.release('metadata', -change);
    else return;
    this.#reservedBytes = this.#bytes;
  }

  /** Returns everything. Called when the response is not used. */
  release(): void {
    this.#memory.release('metadata', this.#reservedBytes);
    this.#bytes = 0;
    this.#reservedBytes = 0;
  }
}
