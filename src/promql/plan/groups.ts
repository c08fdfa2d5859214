// Server groups as the planner sees them: which ones a selector concerns, and which labels tell them apart.

import {
  compileMatcher,
  METRIC_NAME,
  touchesWindow,
  type LabelFilter,
  type Labels,
  type Matcher,
  type TimeBounds,
  type TimeWindow,
} from '../../model/index.js';

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
  /** It computes by other rules than PromQL's, and only its raw samples are wanted. Default false. */
  readonly exact?: boolean | undefined;
  /**
   * Replicas' samples are merged before a function looks at a window of them, which gaps of one would leave holes in.
   * Default false: each replica computes over what it has.
   */
  readonly mergesWindows?: boolean | undefined;
  /**
   * Its raw samples have native histograms whole, and these are the names of metrics that are known to be some there.
   * Left out: what it hands on of them is not whole.
   */
  readonly histograms?: { has(name: string): boolean } | undefined;
  /** What is known of the values of other labels; left out: nothing. */
  readonly filter?: LabelFilter | undefined;
  /** Between which times the group has samples; left out: at any time. */
  readonly bounds?: TimeBounds | undefined;
}

/**
 * Why a group is left out of what a selector asks: its own label, its `label_filter` (as configured or as learned),
 * or its time range has nothing for the selector.
 */
export type Absence =
  | { readonly kind: 'label' | 'configured' | 'learned'; readonly matcher: Matcher }
  | { readonly kind: 'time'; readonly bounds: TimeBounds };

/**
 * The groups that can hold a series for these matchers with a sample in the window, in their order. A matcher on a
 * label of which nothing is known says nothing about a group. When all are relevant, `groups` itself.
 *
 * @param groups all there are: what one group was seen to have says where to ask, and what none has is asked of all.
 * @param window undefined for all time.
 */
export function relevantGroups<Group extends PlannedGroup>(
  matchers: readonly Matcher[],
  groups: readonly Group[],
  window?: TimeWindow,
): readonly Group[] {
  const absences = absencesOf(matchers, groups, window);
  const relevant = groups.filter((_, i) => absences[i] === undefined);
  return relevant.length === groups.length ? groups : relevant;
}

/** For each of the groups why it is left out; undefined for one that is relevant. */
export function absencesOf(
  matchers: readonly Matcher[],
  groups: readonly PlannedGroup[],
  window?: TimeWindow,
): readonly (Absence | undefined)[] {
  const absences = groups.map(({ bounds }): Absence | undefined =>
    bounds !== undefined && window !== undefined && !touchesWindow(bounds, window)
      ? { kind: 'time', bounds }
      : undefined,
  );
  for (const matcher of matchers) {
    // Few matchers are on a label that anything is known of: only those are compiled.
    if (!groups.some(({ labels, filter }) => filter !== undefined || labels.has(matcher.name))) continue;
    const test = compileMatcher(matcher);
    const passesEmpty = test('');
    let isSeen = false;
    const unseen: number[] = [];
    for (const [i, { labels, filter }] of groups.entries()) {
      const value = labels.get(matcher.name);
      if (value !== '') {
        if (test(value)) isSeen = true;
        else absences[i] ??= { kind: 'label', matcher };
        continue;
      }
      if (filter === undefined || passesEmpty) continue;
      const verdict = filter.judge(matcher, test);
      if (verdict === 'has') isSeen = true;
      else if (verdict === 'never') absences[i] ??= { kind: 'configured', matcher };
      else if (verdict === 'unseen') unseen.push(i);
    }
    // A value that nobody was seen to have may be new, and then anybody's.
    if (isSeen) for (const i of unseen) absences[i] ??= { kind: 'learned', matcher };
  }
  return absences;
}

/**
 * The matchers that a group has to be sent: those on its own labels are settled by its relevance. A selector must
 * keep a matcher that does not match the empty string, so one that loses its last is given "has a name".
 */
export function matchersForGroup(
  matchers: readonly Matcher[],
  group: Pick<PlannedGroup, 'labels'>,
): readonly Matcher[] {
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
