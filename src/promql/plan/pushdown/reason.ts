// Why an expression is computed here and not in the regions, as data and in words.

import { compareStrings } from '../../../model/index.js';
import { labelsOf, type PlannedGroup } from '../pruning/group-pruning.js';

/** Why an expression cannot be sent. Cheap to make: the words are found when somebody asks for them. */
export type PushdownReason =
  /** Something below it is computed here. */
  | { readonly kind: 'operand' }
  /** Regions that are too old, or have it not enabled, refuse it. */
  | { readonly kind: 'experimental'; readonly what: string }
  /** No label tells the groups apart: equal series of theirs are merged before anything looks at several series. */
  | { readonly kind: 'alike'; readonly groups: readonly PlannedGroup[] }
  /** Equal series of a group's targets are merged before anything looks at several series. */
  | { readonly kind: 'replicas'; readonly groups: readonly PlannedGroup[] }
  /** `kept`, of the labels that tell the groups apart, are what is left by `what`, and too few. */
  | {
      readonly kind: 'mixes';
      readonly what: string;
      readonly groups: readonly PlannedGroup[];
      readonly kept: ReadonlySet<string>;
    }
  /** Anything else, in words. */
  | { readonly kind: 'other'; readonly text: string };

/** The reason in words: a sentence without a capital letter and a full stop. */
export function printReason(reason: PushdownReason): string {
  switch (reason.kind) {
    case 'operand':
      return 'something below it is computed here';
    case 'experimental':
      return `${reason.what} is experimental, and regions may not know it`;
    case 'alike':
      return `${namesOf(alikeAmong(reason.groups))} cannot be told apart by their labels: equal series are merged before anything looks at several`;
    case 'replicas':
      return `${namesOf(reason.groups.filter(({ replicated }) => replicated))}: replicas are merged before anything looks at several series`;
    case 'mixes': {
      const missing = tellingNames(reason.groups).filter((name) => !reason.kept.has(name));
      if (missing.length === 0) return `${reason.what} mixes groups that no label tells apart`;
      return missing.length === 1
        ? `${reason.what} does not keep the label that tells the groups apart: ${missing[0]!}`
        : `${reason.what} does not keep labels that tell the groups apart: ${missing.join(', ')}`;
    }
    case 'other':
      return reason.text;
  }
}

/** The labels that all of the groups set and that do not have one value in all of them, sorted. */
function tellingNames(groups: readonly PlannedGroup[]): string[] {
  const [first] = groups;
  if (first === undefined) return [];
  return labelsOf(first)
    .names()
    .filter((name) => groups.every((group) => labelsOf(group).has(name)))
    .filter((name) => groups.some((group) => labelsOf(group).get(name) !== labelsOf(first).get(name)))
    .sort(compareStrings);
}

/** Two or more of the groups whose labels are equal, as far as all groups set them; all when it is not as simple. */
function alikeAmong(groups: readonly PlannedGroup[]): readonly PlannedGroup[] {
  const names = new Set(tellingNames(groups));
  const byKey = new Map<string, PlannedGroup[]>();
  for (const group of groups) {
    const { key } = labelsOf(group).keep(names);
    byKey.set(key, [...(byKey.get(key) ?? []), group]);
  }
  return [...byKey.values()].find((alike) => alike.length > 1) ?? groups;
}

/** So many groups are named; the rest is counted. */
const MAX_NAMED = 5;

/** `group "a"`, or `groups "a", "b"`. */
function namesOf(groups: readonly PlannedGroup[]): string {
  const named = groups.slice(0, MAX_NAMED).map(({ name }) => JSON.stringify(name));
  const rest = groups.length - named.length;
  return `group${groups.length === 1 ? '' : 's'} ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
