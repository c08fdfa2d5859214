// Group snapshots: the server groups as one request plans and queries them.

import {
  PromfedError,
  type LabelFilter,
  type Labels,
  type Matcher,
  type TimeBounds,
} from '../model/index.js';
import type { PlannedGroup } from '../promql/plan/index.js';
import type { ServerGroup } from '../upstreams/index.js';

/** `learned` lets learned label values exclude groups; `all` does not. */
export type Routing = 'learned' | 'all';

/** A server group at the start of a request: its time bounds as of then, and the label values known then. */
export class GroupSnapshot implements PlannedGroup {
  readonly name: string;
  readonly labels: Labels;
  readonly replicated: boolean;
  readonly exact: boolean;
  readonly alignsRanges: boolean | undefined;
  readonly mergesWindows: boolean;
  readonly histograms: ServerGroup['histograms'];
  readonly filter: LabelFilter | undefined;
  readonly bounds: TimeBounds | undefined;
  readonly inject: readonly Matcher[] | undefined;
  readonly ignoreError: boolean;
  /** The group that is queried. */
  readonly group: ServerGroup;

  constructor(group: ServerGroup, nowMs: number, routing: Routing) {
    this.name = group.name;
    this.labels = group.labels;
    this.replicated = group.replicated;
    this.exact = group.semantics === 'exact';
    this.alignsRanges = group.alignsRanges;
    this.mergesWindows = group.replicated && group.semantics === undefined;
    this.histograms = group.histograms;
    this.filter = group.filter?.(routing === 'learned');
    this.bounds = group.boundsAt?.(nowMs);
    this.inject = group.inject;
    this.ignoreError = group.ignoreError;
    this.group = group;
  }

  /**
   * The snapshot that a plan names: plans are made over snapshots.
   *
   * @throws PromfedError `internal` when the plan was made over other groups.
   */
  static of(planned: PlannedGroup): GroupSnapshot {
    if (planned instanceof GroupSnapshot) return planned;
    throw new PromfedError('internal', `server group "${planned.name}" was planned without a snapshot`);
  }
}

/** In the order of the groups. */
export function snapshotGroups(
  groups: readonly ServerGroup[],
  nowMs: number,
  routing: Routing,
): readonly GroupSnapshot[] {
  return groups.map((group) => new GroupSnapshot(group, nowMs, routing));
}
