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
 * matcher on one of them. A matcher on a label that a group does not set says nothing about that group. When all are
 * relevant, `groups` itself.
 */
export function relevantGroups(
  matchers: readonly Matcher[],
  groups: readonly PlannedGroup[],
): readonly PlannedGroup[] {
  // Few matchers are on a label that a group sets: only those are compiled.
  const tests = new Map<Matcher, (value: string) => boolean>();
  const accepts = (matcher: Matcher, value: string): boolean => {
    const test = tests.get(matcher) ?? compileMatcher(matcher);
    tests.set(matcher, test);
    return test(value);
  };
  const relevant = groups.filter(({ labels }) =>
    matchers.every((matcher) => {
      const value = labels.get(matcher.name);
      return value === '' || accepts(matcher, value);
    }),
  );
  return relevant.length === groups.length ? groups : relevant;
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
  const known = toldApart.get(groups) ?? new Map<string, boolean>();
  const key = JSON.stringify([...survives]);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MAX_KNOWN) known.clear();
  const result = computeApart(groups, survives);
  toldApart.set(groups, known.set(key, result));
  return result;
}

/** Most expressions of a query ask the same of the same groups, which never change. */
const toldApart = new WeakMap<readonly PlannedGroup[], Map<string, boolean>>();
const MAX_KNOWN = 100;

function computeApart(groups: readonly PlannedGroup[], survives: ReadonlySet<string>): boolean {
  const names = groups[0]!.labels
    .names()
    .filter((name) => survives.has(name) && groups.every((group) => group.labels.has(name)));
  const only = new Set(names);
  const seen = new Set(groups.map((group) => group.labels.keep(only).key));
  return seen.size === groups.length;
}
