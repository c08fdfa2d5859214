// The next record of a replica that renews its leases.

import { excessOf, sharesOf, type ShardSizes } from './balance.js';
import type { ElectionRecord } from './record.js';

export interface RenewalInput {
  readonly record: ElectionRecord;
  readonly me: string;
  /** The next beat of this replica. */
  readonly beat: number;
  readonly leaseMs: number;
  /** Members that have not renewed their leases in time. */
  readonly ended: ReadonlySet<string>;
  readonly sizes: ShardSizes;
  /** `ElectionMember.groups` of this replica. */
  readonly groups: string;
  /** Shards whose leases this replica has. It gives up its other ones, and claims those that the record has lost. */
  readonly held: ReadonlySet<string>;
  /** True when this replica may take shards without an owner. */
  readonly mayTake: boolean;
}

/** Returns the record with the lease of this replica renewed, without members that have ended, and with shards taken. */
export function renewRecord(input: RenewalInput): ElectionRecord {
  const { record, me, leaseMs, ended, held } = input;
  const members = Object.fromEntries(
    Object.entries(record.members).filter(([id]) => id !== me && !ended.has(id)),
  );
  members[me] = {
    beat: input.beat,
    leaseMs,
    takes: input.mayTake,
    groups: input.groups,
  };
  const owners = Object.fromEntries(
    Object.entries(record.owners).filter(
      ([shard, owner]) => members[owner] !== undefined && (owner !== me || held.has(shard)),
    ),
  );
  for (const shard of held) owners[shard] = me;
  if (input.mayTake) {
    for (const shard of sharesOf(me, takersOf(members, input.groups), owners, input.sizes))
      owners[shard] = me;
  }
  return successorOf(record, { members, owners });
}

/** Returns the members that take shards of the same groups. */
function takersOf(members: ElectionRecord['members'], groups: string): string[] {
  return Object.keys(members).filter((id) => members[id]!.takes && members[id]!.groups === groups);
}

/** Returns the record without a member that has stopped. */
export function withoutMember(record: ElectionRecord, me: string): ElectionRecord {
  return successorOf(record, {
    members: Object.fromEntries(Object.entries(record.members).filter(([id]) => id !== me)),
    owners: Object.fromEntries(Object.entries(record.owners).filter(([, owner]) => owner !== me)),
  });
}

/** Returns the shards that a member is to give up. */
export function excessShards({ members, owners }: ElectionRecord, me: string, sizes: ShardSizes): string[] {
  const own = members[me];
  return own?.takes === true ? excessOf(me, takersOf(members, own.groups), owners, sizes) : [];
}

function successorOf(
  record: ElectionRecord,
  changes: Pick<ElectionRecord, 'members' | 'owners'>,
): ElectionRecord {
  const shards = new Set([...Object.keys(record.owners), ...Object.keys(changes.owners)]);
  const moved = [...shards].filter((shard) => record.owners[shard] !== changes.owners[shard]).length;
  return {
    ...record,
    ...changes,
    revision: record.revision + 1,
    transitions: record.transitions + moved,
  };
}
