// A memory account without limits that records what it holds.

import type { MemoryAccount } from '../../../src/runtime/index.js';

export class RecordedMemory implements MemoryAccount {
  heldBytes = 0;
  /** Highest value of `heldBytes`. May be set back. */
  peakBytes = 0;

  reserve(_use: unknown, bytes: number): void {
    this.heldBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
  }

  release(_use: unknown, bytes: number): void {
    this.heldBytes -= bytes;
  }
}
