// Group pruning: the groups that can have a series for a selector, and why the others cannot.

import {
  compileMatcher,
  overlapsWindow,
  PromfedError,
  type LabelFilter,
  type LabelVerdict,
  type Matcher,
  type TimeBounds,
  type TimeWindow,
} from '../../../model/index.js';
import type { PlannedGroup } from './planned-group.js';

/**
 * Why a group has no series for a selector:
 * - `label`: the group sets a label that does not match.
 * - `injected`: an injected matcher excludes everything that matches.
 * - `configured`: its `label_filter` allows no value that matches.
 * - `learned`: none of its learned label values matches, and those of another group do.
 * - `time`: its time range does not overlap the window of the selector.
 * - `owned`: another group is the only one that has the metric.
 */
export type Exclusion =
  | { readonly kind: 'label' | 'configured' | 'learned'; readonly matcher: Matcher }
  | { readonly kind: 'injected'; readonly matcher: Matcher; readonly injected: Matcher }
  | { readonly kind: 'time'; readonly bounds: TimeBounds }
  | { readonly kind: 'owned'; readonly owner: PlannedGroup };

/** A group that is not queried, with one reason for each selector that it has no series for. */
export interface ExcludedGroup {
  readonly group: PlannedGroup;
  readonly reasons: readonly Exclusion[];
}

/** The result of pruning. Both lists are in the order of the groups; every group is in one of them. */
export interface PrunedGroups<Group extends PlannedGroup = PlannedGroup> {
  /** The groups to query. The same array as all groups when none is excluded. */
  readonly groups: readonly Group[];
  readonly excluded: readonly ExcludedGroup[];
}

export const NONE_EXCLUDED: readonly ExcludedGroup[] = [];

/**
 * Time in milliseconds after which a pattern is not matched with further values of a group: there may be many of them.
 * Querying a group without data only costs time.
 */
const MAX_JUDGE_MS = 20;

/** The same for all patterns and groups of one plan or request. */
const MAX_MATCH_MS = 50;

/** Shared, because creating an error captures a stack trace. Never reported. */
const TOO_SLOW = new PromfedError('limit', 'too many label values to match');

/** The time that the selectors of one plan or request may still take to match patterns with the label values of groups. */
export class MatchTime {
  #leftMs = MAX_MATCH_MS;

  /** Judges within the time. Nothing is known when it is over, or when the pattern or a value is too large to be matched. */
  judge(filter: LabelFilter, matcher: Matcher, test: (value: string) => boolean): LabelVerdict {
    const startMs = performance.now();
    const endMs = startMs + Math.min(MAX_JUDGE_MS, this.#leftMs);
    try {
      return filter.judge(matcher, (value) => {
        if (performance.now() > endMs) throw TOO_SLOW;
        return test(value);
      });
    } catch (error) {
      if (error instanceof PromfedError && error.code === 'limit') return 'unknown';
      throw error;
    } finally {
      this.#leftMs -= performance.now() - startMs;
    }
  }
}

/**
 * Prunes the groups that cannot have a series that satisfies the matchers, with a sample in the window. Every decision
 * about which groups are queried is made here. A matcher on a label that nothing is known about prunes no group.
 *
 * @param groups all groups: a learned value prunes a group only when another group has it, because a value that no
 *   group has may be new.
 * @param window undefined for all time.
 * @param time shared by all selectors of a plan or request. Default: the selector has its own.
 */
export function pruneGroups<Group extends PlannedGroup>(
  matchers: readonly Matcher[],
  groups: readonly Group[],
  window?: TimeWindow,
  time = new MatchTime(),
): PrunedGroups<Group> {
  const exclusions = exclusionsOf(matchers, groups, window, time);
  const kept: Group[] = [];
  const excluded: ExcludedGroup[] = [];
  for (const [i, group] of groups.entries()) {
    const exclusion = exclusions[i];
    if (exclusion === undefined) kept.push(group);
    else excluded.push({ group, reasons: [exclusion] });
  }
  return excluded.length === 0 ? { groups, excluded: NONE_EXCLUDED } : { groups: kept, excluded };
}

/** One entry for each group; undefined for a group that is not excluded. */
function exclusionsOf(
  matchers: readonly Matcher[],
  groups: readonly PlannedGroup[],
  window: TimeWindow | undefined,
  time: MatchTime,
): readonly (Exclusion | undefined)[] {
  const exclusions = groups.map(({ bounds }): Exclusion | undefined =>
    bounds !== undefined && window !== undefined && !overlapsWindow(bounds, window)
      ? { kind: 'time', bounds }
      : undefined,
  );
  for (const matcher of matchers) {
    // Most matchers are on labels that nothing is known about. Only the others are compiled.
    if (!groups.some((group) => mayKnow(group, matcher.name))) continue;
    const test = compileMatcher(matcher);
    const matchesEmpty = test('');
    let isMatched = false;
    const notLearned: number[] = [];
    for (const [i, { labels, filter, inject }] of groups.entries()) {
      const value = labels.get(matcher.name);
      if (value !== '') {
        if (test(value)) isMatched = true;
        else exclusions[i] ??= { kind: 'label', matcher };
        continue;
      }
      const injected = inject?.find((one) => excludes(one, matcher, test));
      if (injected !== undefined) {
        exclusions[i] ??= { kind: 'injected', matcher, injected };
        continue;
      }
      if (filter === undefined || matchesEmpty) continue;
      const verdict = time.judge(filter, matcher, test);
      if (verdict === 'matches') isMatched = true;
      else if (verdict === 'excluded') exclusions[i] ??= { kind: 'configured', matcher };
      else if (verdict === 'absent') notLearned.push(i);
    }
    // A value that no group has may be new, and any group may have it.
    if (isMatched) for (const i of notLearned) exclusions[i] ??= { kind: 'learned', matcher };
  }
  return exclusions;
}

/** Reports whether anything may be known about the values of a label in the group. */
function mayKnow({ labels, filter, inject }: PlannedGroup, name: string): boolean {
  return filter !== undefined || labels.has(name) || (inject?.some((one) => one.name === name) ?? false);
}

/** Reports whether no value satisfies both matchers. Decided only when one of them allows a single value. */
function excludes(injected: Matcher, matcher: Matcher, test: (value: string) => boolean): boolean {
  if (injected.name !== matcher.name) return false;
  if (injected.op === '=') return !test(injected.value);
  return matcher.op === '=' && !compileMatcher(injected)(matcher.value);
}
