// A server group as the planner knows it.

import {
  fixedLabels,
  injectMatchers,
  type LabelFilter,
  type Labels,
  type Matcher,
  type Product,
  type TimeBounds,
} from '../../../model/index.js';

export interface PlannedGroup {
  readonly name: string;
  /** Set on every series of the group. They override labels of the same name that a series has. */
  readonly labels: Labels;
  /**
   * True when several targets hold the same data, each with its own gaps. Their answers are merged series by series,
   * so that only functions of single series can be computed in them.
   */
  readonly replicated: boolean;
  /** The `semantics: exact` setting: the group does not evaluate as PromQL does, so its raw samples are read. */
  readonly exact?: boolean | undefined;
  /** The `semantics: native` setting: the group's own evaluation is accepted where it differs from PromQL. */
  readonly native?: boolean | undefined;
  /**
   * The distinct products of the group's targets. Expressions that one of them cannot evaluate are computed by promfed.
   * Default: the group evaluates everything as promfed does.
   */
  readonly products?: readonly Product[] | undefined;
  /** The group moves the steps of a range query to multiples of the step. Default false. */
  readonly alignsRanges?: boolean | undefined;
  /**
   * True when the raw samples of replicas are merged before a function reads windows of them. Default false: each
   * replica computes windows from its own samples.
   */
  readonly mergesWindows?: boolean | undefined;
  /**
   * True when the raw samples of replicas are also merged before selectors look back. Default false: each replica looks
   * back on its own.
   */
  readonly mergesLookback?: boolean | undefined;
  /**
   * Names of metrics that are known to be native histograms in the group. Undefined when the group's raw samples do
   * not have complete native histograms.
   */
  readonly histograms?: { has(name: string): boolean } | undefined;
  /** Known values of labels that the group does not set. */
  readonly filter?: LabelFilter | undefined;
  /** The times between which the group has samples. Default: any time. */
  readonly bounds?: TimeBounds | undefined;
  /**
   * Matchers added to every selector sent to the group. They apply to the labels stored in the region, not to labels
   * that the group adds.
   */
  readonly inject?: readonly Matcher[] | undefined;
  /**
   * Metrics that only this group has at the time of an instant query. Selectors of these names that read that time
   * (`selectorsByTime`) read the raw samples of this group, and no other group. No other selector reads the group.
   * Default: the group has any metric.
   */
  readonly ownedNames?: ReadonlySet<string> | undefined;
}

/**
 * The labels that every series of the group has: its own, which the region does not know, and those that an injected
 * matcher limits to one value, which it does. The pushdown algebra is based on these.
 */
export function labelsOf(group: PlannedGroup): Labels {
  if (group.inject === undefined) return group.labels;
  const known = fixed.get(group) ?? fixedLabels(group.labels, group.inject);
  fixed.set(group, known);
  return known;
}

const fixed = new WeakMap<PlannedGroup, Labels>();

/**
 * The matchers that the group is sent. Matchers on its own labels are dropped, because pruning has applied them, and
 * the injected ones are added. A selector needs a matcher that does not match the empty string; one that has lost its
 * last gets `__name__=~".+"`.
 */
export function matchersForGroup(
  matchers: readonly Matcher[],
  group: Pick<PlannedGroup, 'labels' | 'inject'>,
): readonly Matcher[] {
  const kept = matchers.filter((matcher) => !group.labels.has(matcher.name));
  const { inject = [] } = group;
  return kept.length === matchers.length && inject.length === 0 ? kept : injectMatchers(kept, inject);
}

/**
 * Reports whether the remaining labels distinguish every two groups, so that no two of them can have equal series. Only
 * labels that all groups set can do that: the series of a group that does not set a label may have it.
 */
export function areDisjoint(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): boolean {
  if (groups.length < 2) return true;
  const known = disjointness.get(groups) ?? new Map<string, boolean>();
  const key = JSON.stringify([...remainingLabels]);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MAX_CACHED) known.clear();
  const result = computeDisjoint(groups, remainingLabels);
  disjointness.set(groups, known.set(key, result));
  return result;
}

/** Results by the names of the remaining labels. Most expressions of a query have the same groups and labels. */
const disjointness = new WeakMap<readonly PlannedGroup[], Map<string, boolean>>();
const MAX_CACHED = 100;

function computeDisjoint(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): boolean {
  const names = labelsOf(groups[0]!)
    .names()
    .filter((name) => remainingLabels.has(name) && groups.every((group) => labelsOf(group).has(name)));
  const only = new Set(names);
  const keys = new Set(groups.map((group) => labelsOf(group).keep(only).key));
  return keys.size === groups.length;
}
