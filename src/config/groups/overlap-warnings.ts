// What the owner of a configuration should know of server groups that cannot be told apart: which, and what it costs.

import { fixedLabels } from '../../model/index.js';
import { quote } from '../text/quote.js';
import { overlappingPairs } from './overlapping.js';
import type { ServerGroupSettings } from '../settings.js';

/** More pairs than are needed to find which groups belong together in any file that somebody writes. */
const MAX_PAIRS = 1000;

/** So many of the groups are named. */
const MAX_NAMES = 5;

export interface OverlapWarning {
  /** The position of the second of the groups, of which it can be said that it is one too many. */
  readonly position: number;
  readonly text: string;
}

/**
 * One warning for each set of groups that may have equal series, in the order of the groups. Groups with time ranges
 * are meant to share their series, and are told something else.
 */
export function overlapWarnings(groups: readonly ServerGroupSettings[]): OverlapWarning[] {
  const pairs = overlappingPairs(
    groups.map(({ labels, injectMatchers = [] }) => fixedLabels(labels, injectMatchers)),
    MAX_PAIRS,
  );
  const isSplit = ([a, b]: readonly [number, number]): boolean =>
    groups[a]!.timeRange !== undefined || groups[b]!.timeRange !== undefined;
  const warn = (members: readonly number[], text: string): OverlapWarning => ({
    position: members[1]!,
    text: `the server groups ${namesOf(members.map((member) => groups[member]!.name))} ${text}`,
  });
  return [
    ...connected(pairs.filter((pair) => !isSplit(pair))).map((members) =>
      warn(
        members,
        'cannot be told apart by their labels: equal series of them are merged into one, so that they are asked only ' +
          'for what concerns each series by itself, and everything else is computed here; give each a label with a value of its own, or make ' +
          'them targets of one group if they are replicas',
      ),
    ),
    ...connected(pairs.filter(isSplit)).map((members) =>
      warn(
        members,
        'are parts of one whole by their time ranges: what looks at the times of one of them is computed there, and ' +
          'what crosses a boundary is computed here from raw samples; give each a label with a value of its own if ' +
          'their series are not the same',
      ),
    ),
  ].sort((a, b) => a.position - b.position);
}

/** The sets of at least two that the pairs connect, members ascending. */
function connected(pairs: readonly (readonly [number, number])[]): number[][] {
  const sets = new Map<number, Set<number>>();
  for (const [a, b] of pairs) {
    const ofA = sets.get(a) ?? new Set([a]);
    const ofB = sets.get(b) ?? new Set([b]);
    const [larger, smaller] = ofA.size < ofB.size ? [ofB, ofA] : [ofA, ofB];
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
