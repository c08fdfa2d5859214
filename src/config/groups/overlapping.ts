// Finds label sets that may be set on equal series: server groups with such labels overlap.

import type { Labels } from '../../model/index.js';

/**
 * Returns pairs of positions of overlapping label sets, ascending, up to `limit` pairs. Two sets overlap unless a label
 * has different values in both. A label of one set does not count: series of the other set may have it too.
 */
export function overlappingPairs(sets: readonly Labels[], limit: number): [number, number][] {
  const pairs: [number, number][] = [];
  collect(
    sets.map((labels, position) => ({ labels: new Map(labels), position })),
    limit,
    pairs,
  );
  return pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

interface Member {
  readonly labels: ReadonlyMap<string, string>;
  readonly position: number;
}

/** Splits the members by a label that all of them have: for a file with one label per region, time is linear. */
function collect(members: readonly Member[], limit: number, pairs: [number, number][]): void {
  if (members.length < 2 || pairs.length >= limit) return;
  for (const label of members[0]!.labels.keys()) {
    const byValue = new Map<string | undefined, Member[]>();
    for (const member of members) {
      const value = member.labels.get(label);
      const same = byValue.get(value);
      if (same === undefined) byValue.set(value, [member]);
      else same.push(member);
    }
    if (byValue.size === 1 || byValue.has(undefined)) continue;
    for (const same of byValue.values()) collect(same, limit, pairs);
    return;
  }
  for (const [i, a] of members.entries()) {
    for (let j = i + 1; j < members.length; j++) {
      const b = members[j]!;
      if (areDistinct(a.labels, b.labels)) continue;
      pairs.push([a.position, b.position]);
      if (pairs.length >= limit) return;
    }
  }
}

function areDistinct(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other !== undefined && other !== value) return true;
  }
  return false;
}
