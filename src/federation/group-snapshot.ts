// The server groups as one request sees them: their time ranges as of its beginning, their labels as known then.

import type { PlannedGroup } from '../promql/plan/index.js';
import type { ServerGroup } from '../upstreams/index.js';

/** Whether a request goes by what was learned of label values, or asks every group that may have something. */
export type Routing = 'learned' | 'all';

/** A group beside what the planner is told of it. */
export interface GroupSnapshot extends PlannedGroup {
  readonly ignoreError: boolean;
  readonly group: ServerGroup;
}

/** In the groups' order. */
export function snapshotGroups(
  groups: readonly ServerGroup[],
  nowMs: number,
  routing: Routing,
): readonly GroupSnapshot[] {
  return groups.map((group) => ({
    name: group.name,
    labels: group.labels,
    replicated: group.replicated,
    exact: group.semantics === 'exact',
    alignsRanges: group.alignsRanges,
    mergesWindows: group.replicated && group.semantics === undefined,
    histograms: group.histograms,
    filter: group.filter?.(routing === 'learned'),
    inject: group.inject,
    bounds: group.boundsAt?.(nowMs),
    ignoreError: group.ignoreError,
    group,
  }));
}
