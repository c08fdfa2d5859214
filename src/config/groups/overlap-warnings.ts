// Warnings about server groups without a distinguishing label.

import { fixedLabels, targetSets, type Labels } from '../../model/index.js';
import { quote } from '../text/quote.js';
import { overlappingPairs } from './overlapping.js';
import type { ServerGroupSettings } from '../settings.js';

/** Limit of the search, far above the number of overlapping pairs in a hand-written file. */
const MAX_PAIRS = 1000;

/** Maximum number of groups that a warning names. */
const MAX_NAMES = 5;

export interface OverlapWarning {
  /** Position, in the list of groups, of the second group that the warning names. */
  readonly position: number;
  readonly text: string;
}

/** Targets of a group with equal labels, which are planned as a group of their own. */
interface PlannedSet {
  readonly position: number;
  readonly name: string;
  readonly labels: Labels;
  readonly isBounded: boolean;
}

/**
 * Returns one warning for each set of groups that may have equal series, in the order of the groups. Groups with time
 * ranges are meant to share their series and get another text.
 */
export function overlapWarnings(groups: readonly ServerGroupSettings[]): OverlapWarning[] {
  const sets = groups.flatMap(({ name, labels, targets, timeRange, injectMatchers = [] }, position) =>
    targetSets(name, labels, targets).map((set): PlannedSet => ({
      position,
      name: set.name,
      labels: fixedLabels(set.labels, injectMatchers),
      isBounded: timeRange !== undefined,
    })),
  );
  const pairs = overlappingPairs(
    sets.map(({ labels }) => labels),
    MAX_PAIRS,
  );
  const isSplit = ([a, b]: readonly [number, number]): boolean => sets[a]!.isBounded || sets[b]!.isBounded;
  const warn = (members: readonly number[], text: string): OverlapWarning => ({
    position: sets[members[1]!]!.position,
    text: `server groups ${namesOf(members.map((member) => sets[member]!.name))} ${text}`,
  });
  return [
    ...connected(pairs.filter((pair) => !isSplit(pair))).map((members) =>
      warn(
        members,
        'cannot be distinguished by their labels: each may hold parts of the same series, so queries of more than one ' +
          'of them transfer raw samples and are computed in promfed; give each group a label with a different value, a ' +
          'time range (relative_time_range) if they hold older and newer samples, or make them targets of one group if ' +
          'they are replicas',
      ),
    ),
    ...connected(pairs.filter(isSplit)).map((members) =>
      warn(
        members,
        'share their series by their time ranges: queries within the time range of one group are computed there, and ' +
          'queries across a boundary or within the ranges of several groups are computed in promfed from raw samples; ' +
          'give each group a label with a different value if their series differ',
      ),
    ),
  ].sort((a, b) => a.position - b.position);
}

/** Returns the sets of at least two members that the pairs connect, members ascending. */
function connected(pairs: readonly (readonly [number, number])[]): number[][] {
  const sets = new Map<number, Set<number>>();
  for (const [a, b] of pairs) {
    const [setA, setB] = [sets.get(a) ?? new Set([a]), sets.get(b) ?? new Set([b])];
    const [larger, smaller] = setA.size < setB.size ? [setB, setA] : [setA, setB];
    for (const member of smaller) larger.add(member);
    for (const member of smaller) sets.set(member, larger);
    sets.set(a, larger).set(b, larger);
  }
  return [...new Set(sets.values())].map((set) => [...set].sort((a, b) => a - b));
}

function namesOf(names: readonly string[]): string {
  const quoted = names.slice(0, MAX_NAMES).map(quote);
  if (names.length > MAX_NAMES) return `${quoted.join(', ')} and ${names.length - MAX_NAMES} more`;
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)!}`;
}
