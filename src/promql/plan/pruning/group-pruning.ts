// Server groups as the planner sees them: which ones a selector concerns, and which labels tell them apart.

import {
  compileMatcher,
  fixedLabels,
  injectMatchers,
  overlapsWindow,
  type LabelFilter,
  type Labels,
  type Matcher,
  type TimeBounds,
  type TimeWindow,
} from '../../../model/index.js';

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
  /** It computes ranges at multiples of the step only, wherever they begin. Default false. */
  readonly alignsRanges?: boolean | undefined;
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
  /**
   * Sent to the group with every selector: it has nothing else, as far as anybody asks. Left out: none. A label that
   * the group sets says nothing of what these are tested on, which is the label of that name that the region knows.
   */
  readonly inject?: readonly Matcher[] | undefined;
}

/**
 * Why a group is left out of what a selector asks: its own label, a matcher that is injected, its `label_filter` (as
 * configured or as learned), or its time range has nothing for the selector.
 */
export type Exclusion =
  | { readonly kind: 'label' | 'configured' | 'learned'; readonly matcher: Matcher }
  | { readonly kind: 'injected'; readonly matcher: Matcher; readonly injected: Matcher }
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
  const absences = exclusionsOf(matchers, groups, window);
  const relevant = groups.filter((_, i) => absences[i] === undefined);
  return relevant.length === groups.length ? groups : relevant;
}

/** For each of the groups why it is left out; undefined for one that is relevant. */
export function exclusionsOf(
  matchers: readonly Matcher[],
  groups: readonly PlannedGroup[],
  window?: TimeWindow,
): readonly (Exclusion | undefined)[] {
  const absences = groups.map(({ bounds }): Exclusion | undefined =>
    bounds !== undefined && window !== undefined && !overlapsWindow(bounds, window)
      ? { kind: 'time', bounds }
      : undefined,
  );
  for (const matcher of matchers) {
    // Few matchers are on a label that anything is known of: only those are compiled.
    if (!groups.some((group) => saysOf(group, matcher.name))) continue;
    const test = compileMatcher(matcher);
    const passesEmpty = test('');
    let isSeen = false;
    const unseen: number[] = [];
    for (const [i, { labels, filter, inject }] of groups.entries()) {
      const value = labels.get(matcher.name);
      if (value !== '') {
        if (test(value)) isSeen = true;
        else absences[i] ??= { kind: 'label', matcher };
        continue;
      }
      const injected = inject?.find((one) => excludes(one, matcher, test));
      if (injected !== undefined) {
        absences[i] ??= { kind: 'injected', matcher, injected };
        continue;
      }
      if (filter === undefined || passesEmpty) continue;
      const verdict = filter.judge(matcher, test);
      if (verdict === 'matches') isSeen = true;
      else if (verdict === 'excluded') absences[i] ??= { kind: 'configured', matcher };
      else if (verdict === 'absent') unseen.push(i);
    }
    // A value that nobody was seen to have may be new, and then anybody's.
    if (isSeen) for (const i of unseen) absences[i] ??= { kind: 'learned', matcher };
  }
  return absences;
}

/** Whether anything may be known of the values that a label has in the group. */
function saysOf({ labels, filter, inject }: PlannedGroup, name: string): boolean {
  return filter !== undefined || labels.has(name) || (inject?.some((one) => one.name === name) ?? false);
}

/** Whether no value satisfies both matchers, as far as one of them names the only value there is. */
function excludes(injected: Matcher, matcher: Matcher, test: (value: string) => boolean): boolean {
  if (injected.name !== matcher.name) return false;
  if (injected.op === '=') return !test(injected.value);
  return matcher.op === '=' && !compileMatcher(injected)(matcher.value);
}

/**
 * The labels that every answer of the group is known to have, which are those that the algebra goes by: its own, which
 * the region does not know, and those that an injected matcher leaves one value, which it does.
 */
export function labelsOf(group: PlannedGroup): Labels {
  if (group.inject === undefined) return group.labels;
  const known = fixed.get(group) ?? fixedLabels(group.labels, group.inject);
  fixed.set(group, known);
  return known;
}

const fixed = new WeakMap<PlannedGroup, Labels>();

/**
 * The matchers that a group has to be sent: those on its own labels are settled by its relevance, and the injected
 * ones are added. A selector must keep a matcher that does not match the empty string, so one that loses its last is
 * given "has a name".
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
 * Whether the labels that survive tell every two of the groups apart: no series of one can then
 * have the labels of a series of another. Only labels that all the groups have can do that: a group that lacks one
 * may hold series that bring it along.
 */
export function areDisjoint(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): boolean {
  if (groups.length < 2) return true;
  const known = toldApart.get(groups) ?? new Map<string, boolean>();
  const key = JSON.stringify([...remainingLabels]);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MAX_KNOWN) known.clear();
  const result = computeDisjoint(groups, remainingLabels);
  toldApart.set(groups, known.set(key, result));
  return result;
}

/** Most expressions of a query ask the same of the same groups, which never change. */
const toldApart = new WeakMap<readonly PlannedGroup[], Map<string, boolean>>();
const MAX_KNOWN = 100;

function computeDisjoint(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): boolean {
  const names = labelsOf(groups[0]!)
    .names()
    .filter((name) => remainingLabels.has(name) && groups.every((group) => labelsOf(group).has(name)));
  const only = new Set(names);
  const seen = new Set(groups.map((group) => labelsOf(group).keep(only).key));
  return seen.size === groups.length;
}
