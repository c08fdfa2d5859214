// Relevance: which groups each selector of a query concerns, and whether they can answer for it by themselves.

import { coversWindow, overlapsWindow, type TimeWindow } from '../../../model/index.js';
import type { Expr, VectorSelector } from '../../language/index.js';
import { labelsOf, relevantGroups, areDisjoint, type PlannedGroup } from './group-pruning.js';
import type { PlanTimes } from '../times.js';
import { dataWindows } from './data-windows.js';

/** What is known of one selector. */
export interface SelectorRoute {
  /** The groups that can hold something for it, in their order. */
  readonly groups: readonly PlannedGroup[];
  /** The first group whose raw samples are wanted; undefined when none is so. */
  readonly exact: PlannedGroup | undefined;
  /** The group because of whose native histograms raw samples are wanted; undefined when they are not, for that. */
  readonly whole: PlannedGroup | undefined;
  /**
   * Whether its window reaches over the bounds of one of them in a way that needs the raw samples of all here: samples
   * outside of the bounds are not to count, or the rest of a series is to be had from another group.
   */
  readonly crosses: boolean;
}

/** Over all selectors of one query. */
export type SelectorRouting = (selector: VectorSelector) => SelectorRoute;

/**
 * @param wholeSelectors those whose native histograms are wanted whole.
 * @throws PromfedError `execution` when a duration of the expression cannot be calculated.
 */
export function createSelectorRouting(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  wholeSelectors?: ReadonlyMap<VectorSelector, PlannedGroup>,
): SelectorRouting {
  const isUnaligned = times.stepMs > 0 && times.startMs % times.stepMs !== 0;
  const isBounded = groups.some(({ bounds }) => bounds !== undefined);
  const windows = isBounded ? dataWindows(expr, times) : undefined;
  const labels = new Set(groups.flatMap((group) => labelsOf(group).names()));
  const known = new Map<VectorSelector, SelectorRoute>();
  const selected = new Map<string, readonly PlannedGroup[]>();
  /** Dashboards select the same again and again, and groups may be many. */
  const relevantTo = (
    { matchers }: VectorSelector,
    window: TimeWindow | undefined,
  ): readonly PlannedGroup[] => {
    const key = JSON.stringify([matchers, window]);
    const relevant = selected.get(key) ?? relevantGroups(matchers, groups, window);
    selected.set(key, relevant);
    return relevant;
  };
  return (selector) => {
    const before = known.get(selector);
    if (before !== undefined) return before;
    const window = windows?.get(selector);
    const relevant = relevantTo(selector, window);
    const exact = relevant.find(
      (group) => group.exact === true || (isUnaligned && group.alignsRanges === true),
    );
    const whole = wholeSelectors?.get(selector);
    const concern = {
      groups: relevant,
      exact,
      whole,
      crosses: isBounded && crosses(relevant, labels, window),
    };
    known.set(selector, concern);
    return concern;
  };
}

function crosses(
  groups: readonly PlannedGroup[],
  labels: ReadonlySet<string>,
  window: TimeWindow | undefined,
): boolean {
  const partly = groups.filter(
    ({ bounds }) => bounds !== undefined && (window === undefined || !coversWindow(bounds, window)),
  );
  if (partly.length === 0) return false;
  return partly.some(({ bounds }) => bounds?.truncate === true) || !areDisjoint(groups, labels);
}

/**
 * Whether a window reaches over the bounds of one of the groups as `Concern.crosses` means it.
 *
 * @param groups those that the selector's matchers concern, at whatever times.
 * @param labels the names of the labels that any group sets.
 */
export function crossesBounds(
  groups: readonly PlannedGroup[],
  labels: ReadonlySet<string>,
  window: TimeWindow,
): boolean {
  const relevant = groups.filter(({ bounds }) => bounds === undefined || overlapsWindow(bounds, window));
  return crosses(relevant, labels, window);
}
