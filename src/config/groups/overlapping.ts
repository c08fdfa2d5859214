// Finds server groups that cannot be told apart: what they answer may be the same series twice.

import type { Labels } from '../../model/index.js';

/**
 * Pairs of positions, ascending, of label sets that may be set on equal series: no label has a different value in
 * both. A label that only one of the two sets tells nothing apart, since the series of the other may have it too.
 *
 * At most `limit` pairs are looked for.
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

/** Splits by a label that all members set, so that the usual file (each region its own label) costs linear time. */
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
      if (isToldApart(a.labels, b.labels)) continue;
      pairs.push([a.position, b.position]);
      if (pairs.length >= limit) return;
    }
  }
}

function isToldApart(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other !== undefined && other !== value) return true;
  }
  return false;
}
