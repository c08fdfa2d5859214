// Selector routing: the groups that each selector of a query reads, and whether it can be sent to them.

import { coversWindow, type Matcher, type TimeWindow } from '../../../model/index.js';
import type { CallExpr, Expr, VectorSelector } from '../../language/index.js';
import { createInfoTimes } from '../info.js';
import type { PlanTimes } from '../times.js';
import { dataWindows } from './data-windows.js';
import { MatchTime, pruneGroups, type PrunedGroups } from './group-pruning.js';
import { GroupUnits } from './group-units.js';
import { findOwnedSelectors } from './owned-selectors.js';
import { areDisjoint, labelsOf, type PlannedGroup } from './planned-group.js';

/** The groups of one selector, and the reasons for which it has to be read from raw samples. */
export interface SelectorRoute extends PrunedGroups {
  /**
   * The first group that must only send raw samples: it has exact semantics, has replicas whose samples are merged first,
   * would move the steps of this range, or owns the metric.
   */
  readonly rawOnly: PlannedGroup | undefined;
  /** A group because of whose native histograms the selector is read from raw samples. */
  readonly nativeHistograms: PlannedGroup | undefined;
  /**
   * True when the window reaches beyond the bounds of a group in a way that needs raw samples of all groups: samples
   * outside of the bounds must not count, or another group has the rest of a series.
   */
  readonly crossesBounds: boolean;
  /** The groups that labels distinguish: overlapping ones are joined. The same array as `groups` when none overlap. */
  readonly units: readonly PlannedGroup[];
}

/** Selectors that are read from raw samples, each with the group whose native histograms require it. */
export type HistogramSelectors = ReadonlyMap<VectorSelector, PlannedGroup>;

/** Inputs and caches that the routings of one expression share. */
interface Shared {
  /** The groups without owned names. */
  readonly groups: readonly PlannedGroup[];
  /** The groups of the selectors that read one group because it owns the metric. */
  readonly owners: ReadonlyMap<VectorSelector, PlannedGroup>;
  /** Undefined when no group has bounds. */
  readonly windows: ReadonlyMap<VectorSelector | CallExpr, TimeWindow> | undefined;
  /** True for a range query whose start is not a multiple of its step. */
  readonly isUnaligned: boolean;
  /** The names of the labels that any group has. */
  readonly labels: ReadonlySet<string>;
  readonly units: GroupUnits;
  /** By matchers and window. Dashboards repeat selectors, and there may be many groups. */
  readonly pruned: Map<string, PrunedGroups>;
  readonly matchTime: MatchTime;
}

/** Routes the selectors of one expression. */
export class SelectorRouting {
  readonly #shared: Shared;
  readonly #histogramSelectors: HistogramSelectors;
  /** Undefined for all groups. */
  readonly #members: ReadonlySet<PlannedGroup> | undefined;
  readonly #routes = new Map<VectorSelector, SelectorRoute>();

  private constructor(
    shared: Shared,
    histogramSelectors: HistogramSelectors,
    members?: ReadonlySet<PlannedGroup>,
  ) {
    this.#shared = shared;
    this.#histogramSelectors = histogramSelectors;
    this.#members = members;
  }

  /** @throws PromfedError `execution` when a duration of the expression cannot be calculated. */
  static create(expr: Expr, all: readonly PlannedGroup[], times: PlanTimes): SelectorRouting {
    const { groups, owners } = findOwnedSelectors(expr, all, times);
    const isBounded = groups.some(({ bounds }) => bounds !== undefined);
    const labels = new Set(groups.flatMap((group) => labelsOf(group).names()));
    const shared = {
      groups,
      owners,
      windows: isBounded ? dataWindows(expr, times, createInfoTimes(times)) : undefined,
      isUnaligned: times.stepMs > 0 && times.startMs % times.stepMs !== 0,
      labels,
      units: new GroupUnits(labels),
      pruned: new Map<string, PrunedGroups>(),
      matchTime: new MatchTime(),
    };
    return new SelectorRouting(shared, new Map());
  }

  /** The same routing with selectors that are read from raw samples. */
  with(histogramSelectors: HistogramSelectors): SelectorRouting {
    return histogramSelectors.size === 0 ? this : new SelectorRouting(this.#shared, histogramSelectors);
  }

  /** The same routing to some of the groups. Reasons for raw samples remain those of all groups. */
  within(members: readonly PlannedGroup[]): SelectorRouting {
    return new SelectorRouting(this.#shared, this.#histogramSelectors, new Set(members));
  }

  /** The groups that may have any metric, in their order. */
  get groups(): readonly PlannedGroup[] {
    return this.#shared.groups;
  }

  /** The names of the labels that any group has. */
  get labels(): ReadonlySet<string> {
    return this.#shared.labels;
  }

  /** The route of a selector of the expression. */
  route(selector: VectorSelector): SelectorRoute {
    const known = this.#routes.get(selector);
    if (known !== undefined) return known;
    const { owners, windows, isUnaligned, labels, units } = this.#shared;
    const owner = owners.get(selector);
    if (owner !== undefined) return this.#addRoute(selector, this.#ownedRoute(owner));
    const window = windows?.get(selector);
    const pruned = this.#prune(selector.matchers, window);
    const members = this.#members;
    const groups = members === undefined ? pruned.groups : pruned.groups.filter((one) => members.has(one));
    return this.#addRoute(selector, {
      groups,
      excluded: pruned.excluded,
      rawOnly: groups.find(
        (group) =>
          group.exact === true ||
          group.mergesLookback === true ||
          (isUnaligned && group.alignsRanges === true),
      ),
      nativeHistograms: this.#histogramSelectors.get(selector),
      crossesBounds: windows !== undefined && crosses(groups, labels, window),
      units: units.of(groups),
    });
  }

  /** The groups that a call of info() reads its info series from. */
  pruneInfoSeries(call: CallExpr, matchers: readonly Matcher[]): PrunedGroups {
    return this.#prune(matchers, this.#shared.windows?.get(call));
  }

  #ownedRoute(owner: PlannedGroup): SelectorRoute {
    const reasons = [{ kind: 'owned', owner }] as const;
    const excluded = this.#shared.groups.map((group) => ({ group, reasons }));
    return {
      groups: [owner],
      excluded,
      rawOnly: owner,
      nativeHistograms: undefined,
      crossesBounds: false,
      units: [owner],
    };
  }

  #addRoute(selector: VectorSelector, route: SelectorRoute): SelectorRoute {
    this.#routes.set(selector, route);
    return route;
  }

  #prune(matchers: readonly Matcher[], window: TimeWindow | undefined): PrunedGroups {
    const { groups, pruned, matchTime } = this.#shared;
    const key = JSON.stringify([matchers, window]);
    let known = pruned.get(key);
    if (known === undefined) pruned.set(key, (known = pruneGroups(matchers, groups, window, matchTime)));
    return known;
  }
}

/** @param groups the groups whose bounds overlap the window. */
function crosses(
  groups: readonly PlannedGroup[],
  labels: ReadonlySet<string>,
  window: TimeWindow | undefined,
): boolean {
  const partial = groups.filter(
    ({ bounds }) => bounds !== undefined && (window === undefined || !coversWindow(bounds, window)),
  );
  if (partial.length === 0) return false;
  return partial.some(({ bounds }) => bounds?.truncate === true) || !areDisjoint(groups, labels);
}

/**
 * Reports whether a window has to be read from raw samples: it crosses the bounds of a group, or the groups overlap.
 *
 * @param groups the groups that the matchers of the selector keep, at any time.
 * @param labels the names of the labels that any group has.
 */
export function needsRawSamples(
  groups: readonly PlannedGroup[],
  labels: ReadonlySet<string>,
  window: TimeWindow,
): boolean {
  const kept = pruneGroups([], groups, window).groups;
  return !areDisjoint(kept, labels) || crosses(kept, labels, window);
}
