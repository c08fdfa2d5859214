// Leases of groups that a test grants and revokes.

import type { GroupLease, GroupOwnership } from '../../../../src/rules/election/index.js';

/** A lease that ends when the test says so. */
export class TestLease implements GroupLease {
  #isHeld = true;
  readonly #listeners = new Set<() => void>();

  get isHeld(): boolean {
    return this.#isHeld;
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    if (!isHeld) for (const listener of this.#listeners) listener();
  }

  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export class TestOwnership implements GroupOwnership {
  readonly isShared = true;
  readonly #leases = new Map<string, TestLease>();
  #listener: () => Promise<void> = () => Promise.resolve();

  leaseOf(key: string): GroupLease | undefined {
    return this.#leases.get(key);
  }

  holderOf(key: string): string | undefined {
    return this.#leases.has(key) ? 'this replica' : 'another replica';
  }

  onChange(listener: () => Promise<void>): void {
    this.#listener = listener;
  }

  grant(key: string): TestLease {
    const lease = new TestLease();
    this.#leases.set(key, lease);
    void this.#listener();
    return lease;
  }

  /** Resolves when the group is not evaluated any more. @param isHeldUntilStopped false when the lease ends at once. */
  async revoke(key: string, isHeldUntilStopped: boolean): Promise<void> {
    const lease = this.#leases.get(key)!;
    this.#leases.delete(key);
    if (!isHeldUntilStopped) lease.isHeld = false;
    await this.#listener();
    lease.isHeld = false;
  }
}
