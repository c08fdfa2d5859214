// The lease of one shard, or of all groups without the store.

import type { GroupLease } from './group-lease.js';

export class ShardLease implements GroupLease {
  readonly #isValid: () => boolean;
  readonly #listeners = new Set<() => void>();
  #isRevoked = false;

  /** @param isValid reports whether the leases of this replica are valid. */
  constructor(isValid: () => boolean) {
    this.#isValid = isValid;
  }

  get isHeld(): boolean {
    return !this.#isRevoked && this.#isValid();
  }

  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the lease forever. */
  revoke(): void {
    this.#isRevoked = true;
    this.ended();
  }

  /** Reports that the lease is not valid at the moment. */
  ended(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
