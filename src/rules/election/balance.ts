// The distribution of shards over replicas, by the number of their groups.

import { affinity } from './shards.js';

/** Number of groups by shard. Shards without groups are missing. */
export type ShardSizes = ReadonlyMap<string, number>;

type Owners = Readonly<Record<string, string>>;

/**
 * Returns the shards without an owner that a replica takes: those that it gets when each one in turn goes to the replica with
 * the fewest groups. Replicas with the same rules choose different shards.
 */
export function sharesOf(
  me: string,
  members: readonly string[],
  owners: Owners,
  sizes: ShardSizes,
): string[] {
  const loads = loadsOf(members, owners, sizes);
  const taken: string[] = [];
  for (const [shard, size] of [...sizes].sort(bySize)) {
    if (owners[shard] !== undefined) continue;
    const member = leastLoaded(shard, loads);
    loads.set(member, loads.get(member)! + size);
    if (member === me) taken.push(shard);
  }
  return taken;
}

/**
 * Returns the shards that a replica gives up: those without groups, and, when every shard has an owner, those whose move to
 * the replica with the fewest groups makes the distribution more even.
 */
export function excessOf(
  me: string,
  members: readonly string[],
  owners: Owners,
  sizes: ShardSizes,
): string[] {
  const loads = loadsOf(members, owners, sizes);
  const isComplete = hasAllOwners(owners, sizes);
  const own = Object.keys(owners).filter((shard) => owners[shard] === me);
  const excess: string[] = [];
  for (const shard of own.sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0))) {
    const size = sizes.get(shard) ?? 0;
    const other = leastLoaded(shard, loads);
    const isMoved = loads.get(other)! + size < loads.get(me)!;
    if (size > 0 && !(isMoved && isComplete)) continue;
    excess.push(shard);
    loads.set(other, loads.get(other)! + size);
    loads.set(me, loads.get(me)! - size);
  }
  return excess;
}

/** Reports whether every shard with groups has an owner. */
export function hasAllOwners(owners: Owners, sizes: ShardSizes): boolean {
  return [...sizes.keys()].every((shard) => owners[shard] !== undefined);
}

function loadsOf(members: readonly string[], owners: Owners, sizes: ShardSizes): Map<string, number> {
  const loads = new Map(members.map((member) => [member, 0]));
  for (const [shard, owner] of Object.entries(owners)) {
    const load = loads.get(owner);
    if (load !== undefined) loads.set(owner, load + (sizes.get(shard) ?? 0));
  }
  return loads;
}

function leastLoaded(shard: string, loads: ReadonlyMap<string, number>): string {
  let best: readonly [member: string, load: number] | undefined;
  for (const [member, load] of loads) {
    if (best === undefined || load < best[1]) best = [member, load];
    else if (load === best[1] && affinity(shard, member) < affinity(shard, best[0])) best = [member, load];
  }
  return best![0];
}

/** Large shards first, so that small ones even out the rest. */
function bySize([a, sizeA]: readonly [string, number], [b, sizeB]: readonly [string, number]): number {
  return sizeB - sizeA || Number(a) - Number(b);
}
