// The server groups at the start of a request.

import { PromfedError } from '../model/index.js';
import type { PlannedGroup } from '../promql/plan/index.js';
import type { GroupSnapshot, ServerGroup } from '../upstreams/index.js';

/** `learned` lets learned label values exclude groups; `all` does not. */
export type Routing = 'learned' | 'all';

/** Returns the snapshots of all groups, in the order of the groups. Called once, at the start of a request. */
export function snapshotGroups(
  groups: readonly ServerGroup[],
  nowMs: number,
  routing: Routing,
): readonly GroupSnapshot[] {
  return groups.flatMap((group) => group.snapshots(nowMs, routing === 'learned'));
}

/**
 * Returns a group of a plan as a snapshot. The plans of a federation contain no other groups.
 *
 * @throws PromfedError `internal` when the plan was made over other groups.
 */
export function snapshotOf(planned: PlannedGroup): GroupSnapshot {
  if (isSnapshot(planned)) return planned;
  throw new PromfedError('internal', `server group "${planned.name}" was planned without a snapshot`);
}

function isSnapshot(planned: PlannedGroup): planned is GroupSnapshot {
  return 'query' in planned;
}
