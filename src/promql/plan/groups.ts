// Server groups as the planner sees them: which ones a selector concerns, and which labels tell them apart.

import { compileMatcher, METRIC_NAME, type Labels, type Matcher } from '../../model/index.js';

/** A server group as the planner sees it. */
export interface PlannedGroup {
  readonly name: string;
  /** Set on every series of the group, winning over a label of the same name that a series brings along. */
  readonly labels: Labels;
  /**
   * Several targets hold the same data, each with gaps of its own. Their answers are merged series by series, so that
   * only what looks at each series by itself can be computed there.
   */
  readonly replicated: boolean;
}

/**
 * The groups that can hold a series for these matchers, in their order: those whose own labels satisfy every
 * matcher on one of them. A matcher on a label that a group does not set says nothing about that group.
 */
export function relevantGroups(
  matchers: readonly Matcher[],
  groups: readonly PlannedGroup[],
): readonly PlannedGroup[] {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return groups.filter((group) =>
    tests.every(({ name, test }) => {
      const value = group.labels.get(name);
      return value === '' || test(value);
    }),
  );
}

/**
 * The matchers that a group has to be sent: those on its own labels are settled by its relevance. A selector must
 * keep a matcher that does not match the empty string, so one that loses its last is given "has a name".
 */
export function matchersForGroup(matchers: readonly Matcher[], group: PlannedGroup): readonly Matcher[] {
  const kept = matchers.filter((matcher) => !group.labels.has(matcher.name));
  if (kept.length === matchers.length || kept.some((matcher) => !compileMatcher(matcher)(''))) return kept;
  return [...kept, { name: METRIC_NAME, op: '=~', value: '.+' }];
}

/**
 * Whether the labels that survive tell every two of the groups apart: no series of one can then
 * have the labels of a series of another. Only labels that all the groups set can do that: a group that lacks one
 * may hold series that bring it along.
 */
export function tellApart(groups: readonly PlannedGroup[], survives: ReadonlySet<string>): boolean {
  if (groups.length < 2) return true;
  const names = groups[0]!.labels
    .names()
    .filter((name) => survives.has(name) && groups.every((group) => group.labels.has(name)));
  const only = new Set(names);
  const seen = new Set(groups.map((group) => group.labels.keep(only).key));
  return seen.size === groups.length;
}
