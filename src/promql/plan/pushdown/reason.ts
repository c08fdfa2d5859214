// The reasons for which promfed computes an expression itself, as data and as text.

import { compareStrings, printProduct, type Product } from '../../../model/index.js';
import { labelsOf, type PlannedGroup } from '../pruning/planned-group.js';

/** Cheap to create: the text is composed only for explain. */
export type PushdownReason =
  /** An operand is computed by promfed. */
  | { readonly kind: 'operand' }
  /** Regions reject it when they are too old or have not enabled it. */
  | { readonly kind: 'experimental'; readonly what: string }
  /** No label distinguishes the groups: the raw samples of their equal series are merged first. */
  | { readonly kind: 'overlapping'; readonly groups: readonly PlannedGroup[] }
  /** Equal series of replicas are merged before an operation compares series. */
  | { readonly kind: 'replicas'; readonly groups: readonly PlannedGroup[] }
  /** `what` keeps the labels `kept`, which do not distinguish the groups. */
  | {
      readonly kind: 'mixes';
      readonly what: string;
      readonly groups: readonly PlannedGroup[];
      readonly kept: ReadonlySet<string>;
    }
  /** The group runs a product that cannot be sent the expression. `lack` completes "eu runs Prometheus 3.5.3, which". */
  | {
      readonly kind: 'product';
      readonly group: PlannedGroup;
      readonly product: Product;
      readonly lack: string;
    }
  | { readonly kind: 'other'; readonly text: string };

/** The reason as a sentence without a capital letter and a full stop. */
export function printReason(reason: PushdownReason): string {
  switch (reason.kind) {
    case 'operand':
      return 'an operand is computed here';
    case 'experimental':
      return `${reason.what} is experimental, and regions may not support it`;
    case 'overlapping':
      return `${listOf(overlappingAmong(reason.groups))} may hold parts of the same series: their raw samples are merged`;
    case 'replicas':
      return `${namesOf(reason.groups.filter(({ replicated }) => replicated))}: equal series of replicas are merged first`;
    case 'mixes': {
      const missing = partitionLabels(reason.groups).filter((name) => !reason.kept.has(name));
      if (missing.length === 0) return `${reason.what} mixes groups that no label distinguishes`;
      return missing.length === 1
        ? `${reason.what} does not keep the label that distinguishes the groups: ${missing[0]!}`
        : `${reason.what} does not keep labels that distinguish the groups: ${missing.join(', ')}`;
    }
    case 'product':
      return `${reason.group.name} runs ${printProduct(reason.product)}, which ${reason.lack}`;
    case 'other':
      return reason.text;
  }
}

/** The labels that all groups set and that do not have the same value in all of them, sorted. */
function partitionLabels(groups: readonly PlannedGroup[]): string[] {
  const [first] = groups;
  if (first === undefined) return [];
  return labelsOf(first)
    .names()
    .filter((name) => groups.every((group) => labelsOf(group).has(name)))
    .filter((name) => groups.some((group) => labelsOf(group).get(name) !== labelsOf(first).get(name)))
    .sort(compareStrings);
}

/** Two or more groups with equal partition labels. All groups when no two of them are equal in these. */
function overlappingAmong(groups: readonly PlannedGroup[]): readonly PlannedGroup[] {
  const names = new Set(partitionLabels(groups));
  const byKey = new Map<string, PlannedGroup[]>();
  for (const group of groups) {
    const { key } = labelsOf(group).keep(names);
    byKey.set(key, [...(byKey.get(key) ?? []), group]);
  }
  return [...byKey.values()].find((equal) => equal.length > 1) ?? groups;
}

/** Maximum number of groups that a reason names. The others are counted. */
const MAX_NAMED = 5;

/** `a and b`, or `a, b and c`. */
function listOf(groups: readonly PlannedGroup[]): string {
  const names = groups.map(({ name }) => name);
  if (names.length > MAX_NAMED) {
    return `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} more`;
  }
  return [names.slice(0, -1).join(', '), names.at(-1)!].join(' and ');
}

/** `group "a"`, or `groups "a", "b"`. */
function namesOf(groups: readonly PlannedGroup[]): string {
  const named = groups.slice(0, MAX_NAMED).map(({ name }) => JSON.stringify(name));
  const rest = groups.length - named.length;
  return `group${groups.length === 1 ? '' : 's'} ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
