// The common record of the replicas: which of them exist, and which one evaluates each shard.

import { PromfedError } from '../../model/index.js';
import { isObject } from './is-object.js';

/** Immutable. A write replaces the whole record. */
export interface ElectionRecord {
  /** Identifies the record from its creation on. */
  readonly lineage: string;
  /** Increased by every write. */
  readonly revision: number;
  /** Number of changes of owners. */
  readonly transitions: number;
  /** By identity. */
  readonly members: Readonly<Record<string, ElectionMember>>;
  /** Identities of members by shard. Shards without an owner are missing. */
  readonly owners: Readonly<Record<string, string>>;
}

export interface ElectionMember {
  /** Increased by every renewal. A member never uses a number twice. */
  readonly beat: number;
  /** The member has ended when its beat does not change for this time. */
  readonly leaseMs: number;
  /** True when the member takes shards that have no owner. */
  readonly takes: boolean;
  /** Equal for members with the same rule groups: only these expect each other to take a shard. */
  readonly groups: string;
}

const FORMAT = 1;

export function emptyRecord(lineage: string): ElectionRecord {
  return { lineage, revision: 0, transitions: 0, members: {}, owners: {} };
}

export function printRecord(record: ElectionRecord): string {
  return JSON.stringify({ format: FORMAT, ...record });
}

/** @throws PromfedError `upstream` for a text that is not a record of this version: it must not be replaced. */
export function parseRecord(text: string): ElectionRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value) && value['format'] !== undefined && value['format'] !== FORMAT) {
    throw new PromfedError('upstream', 'record was written by another version of promfed; use another name');
  }
  if (!isRecord(value)) {
    throw new PromfedError('upstream', 'stored value is not a record of promfed; use another name');
  }
  const { lineage, revision, transitions, members, owners } = value;
  return { lineage, revision, transitions, members, owners };
}

function isRecord(value: unknown): value is ElectionRecord {
  return (
    isObject(value) &&
    typeof value['lineage'] === 'string' &&
    isCount(value['revision']) &&
    isCount(value['transitions']) &&
    isObject(value['members']) &&
    Object.values(value['members']).every(isMember) &&
    isObject(value['owners']) &&
    Object.values(value['owners']).every((owner) => typeof owner === 'string')
  );
}

function isMember(value: unknown): boolean {
  return (
    isObject(value) &&
    isCount(value['beat']) &&
    isCount(value['leaseMs']) &&
    typeof value['takes'] === 'boolean' &&
    typeof value['groups'] === 'string'
  );
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
