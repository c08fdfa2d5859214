// Shards: rule groups that are owned together.

import { Labels } from '../../model/index.js';
import { hashLabels } from '../../promql/functions/index.js';

/** Enough that groups spread evenly over many replicas, and few enough that the record stays small. */
const SHARDS = 256n;

/** Returns the shard of a group. Replicas with the same rule files agree. @param key `FILE;NAME`. */
export function shardOf(key: string): string {
  return String(hashLabels(Labels.from({ rule_group: key })) % SHARDS);
}

/** Returns a text that is equal for equal sets of groups. @param keys `FILE;NAME` of each. */
export function fingerprintOf(keys: readonly string[]): string {
  return hashLabels(Labels.from({ rule_groups: keys.toSorted().join('\n') })).toString(36);
}

/** Orders members for a shard, so that ties are spread over them. */
export function affinity(shard: string, member: string): bigint {
  return hashLabels(Labels.from({ member, shard }));
}
