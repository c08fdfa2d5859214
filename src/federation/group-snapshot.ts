// The server groups as one request plans and queries them.

import { PromfedError } from '../model/index.js';
import type { PlannedGroup } from '../promql/plan/index.js';
import type { GroupSnapshot, ServerGroup } from '../upstreams/index.js';

export type { GroupSnapshot } from '../upstreams/index.js';

/** `learned` lets learned label values exclude groups; `all` does not. */
export type Routing = 'learned' | 'all';

/** Taken once, at the start of a request. In the order of the groups. */
export function snapshotGroups(
  groups: readonly ServerGroup[],
  nowMs: number,
  routing: Routing,
): readonly GroupSnapshot[] {
  return groups.flatMap((group) => group.snapshots(nowMs, routing === 'learned'));
}

/**
 * The snapshot that a plan names: plans are made over snapshots.
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
