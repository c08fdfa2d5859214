// The observer of elections. telemetry implements it.

/** Methods do not throw. */
export interface ElectionMetrics {
  /** Called after each change, and with zeros when an election ends. */
  state(state: ElectionState): void;
  /** Called for each attempt to renew the leases. */
  renewed(result: RenewalResult): void;
  /** Called when groups were gained or lost. */
  changed(change: 'gained' | 'lost', groups: number): void;
}

/** `conflict`: another replica has written first, and a further attempt follows. */
export type RenewalResult = 'written' | 'conflict' | 'failed';

export interface ElectionState {
  /** True while the leases of this replica are valid. */
  readonly isValid: boolean;
  /** Number of replicas, this one included. */
  readonly members: number;
  /** Number of groups that this replica evaluates. */
  readonly ownGroups: number;
  /** Number of groups that no replica evaluates. */
  readonly groupsWithoutOwner: number;
}
