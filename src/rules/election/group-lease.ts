// The right to evaluate a rule group, while several replicas share the groups.

/**
 * The right to evaluate one group, from the time at which a replica gains it until it loses it. A group that is gained again has
 * another lease.
 */
export interface GroupLease {
  /**
   * False when another replica may evaluate the group. It is read immediately before each effect of an evaluation, because
   * a process that was suspended continues after any time.
   */
  readonly isHeld: boolean;
  /** Calls a function each time when `isHeld` becomes false. The result removes it. */
  onEnd(listener: () => void): () => void;
}

const neverEnds = (): (() => void) => () => undefined;

/** The lease of a group that no other process evaluates. */
export const UNSHARED: GroupLease = { isHeld: true, onEnd: neverEnds };

/** The lease of a group that another replica evaluates. */
export const NOT_HELD: GroupLease = { isHeld: false, onEnd: neverEnds };

/** Which groups this process evaluates. Groups are identified by `FILE;NAME`. */
export interface GroupOwnership {
  /** True when replicas share the groups. */
  readonly isShared: boolean;
  /** Returns the lease of a group; undefined when this process must not evaluate it. */
  leaseOf(key: string): GroupLease | undefined;
  /** Returns the identity of the replica that evaluates the group; undefined when none does. */
  holderOf(key: string): string | undefined;
  /**
   * Sets the function that is called after each change of leases. It resolves when no group without a lease is being evaluated.
   */
  onChange(listener: () => Promise<void>): void;
}

/** Every group is evaluated. */
export const NO_ELECTION: GroupOwnership = {
  isShared: false,
  leaseOf: () => UNSHARED,
  holderOf: () => undefined,
  onChange: () => undefined,
};
