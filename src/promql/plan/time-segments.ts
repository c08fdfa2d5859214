// Segments: the steps of a range query cut where what its selectors concern changes with time.

import { gridEndMs, METRIC_NAME, rangeGrid, type Grid, type TimeWindow } from '../../model/index.js';
import {
  children,
  typeOf,
  walk,
  type AggregateOp,
  type Expr,
  type VectorSelector,
} from '../language/index.js';
import { labelsOf, relevantGroups, type PlannedGroup } from './pruning/group-pruning.js';
import { crossesBounds, type SelectorRouting } from './pruning/selector-routing.js';
import type { PlanTimes } from './times.js';
import { dataWindows } from './pruning/data-windows.js';

/** At most so many segments: each asks its groups again. */
const MAX_SEGMENTS = 16;
/** So many looks at a selector's groups are worth the fewer raw samples. */
const MAX_LOOKS = 4_000;

/**
 * Cuts the steps of a range query so that, where it can be had, the window of each selector lies in one segment on one
 * side of the groups' time bounds, and raw samples are wanted only of the segments around them. Segments are not
 * cut from each other where that would ask for more raw samples than it saves.
 *
 * @param relevance over all steps: only what crosses a bound is worth a cut.
 * @returns two segments or more, in the order of time, which together are the steps of the query; undefined when it
 *   is best planned as a whole.
 * @throws PromfedError `execution` when a duration of the expression cannot be calculated.
 */
export function trySegments(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  relevance: SelectorRouting,
): readonly Grid[] | undefined {
  if (times.stepMs === 0 || times.steps !== undefined) return undefined;
  if (groups.every(({ bounds }) => bounds === undefined)) return undefined;
  const crossing = new Set<VectorSelector>();
  walk(expr, (one) => {
    if (one.kind === 'vectorSelector' && relevance(one).crosses) crossing.add(one);
  });
  if (crossing.size === 0 || seesAllSteps(expr)) return undefined;
  const grid = rangeGrid(times.startMs, times.endMs, times.stepMs);
  const looks = looksOf(expr, groups, times, crossing);
  const labels = new Set(groups.flatMap((group) => labelsOf(group).names()));
  const firstSteps = cutsOf(looks, grid);
  if (firstSteps.length < 2 || firstSteps.length * looks.length > MAX_LOOKS) return undefined;
  const segments = joinCheap(
    firstSteps.map((step, i) => ({ first: step, last: (firstSteps[i + 1] ?? grid.count) - 1 })),
    (first, last) => rawMs(looks, segmentGrid(grid, { first, last }), labels),
  );
  return segments.length < 2 ? undefined : segments.map((segment) => segmentGrid(grid, segment));
}

/** Aggregations whose parameter is checked over all steps at once. */
const CHECKED: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
/** Functions that can give equal series different names. */
const NAMING: ReadonlySet<string> = new Set(['label_replace', 'label_join', 'info']);

/**
 * Whether an error of the query may depend on steps far from each other: a function of windows fails when two of its
 * series become equal without their names, though they are never there at the same step, and an aggregation when its
 * parameter is NaN at some step and not at another. Linear in the expression.
 *
 * Source: Prometheus, promql/engine.go (`eval`, calls with a matrix argument; `rangeEvalAgg`).
 */
function seesAllSteps(root: Expr): boolean {
  const pending: { readonly expr: Expr; readonly ofWindows: boolean; readonly ofParam: boolean }[] = [
    { expr: root, ofWindows: false, ofParam: false },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { expr, ofWindows, ofParam } = next;
    if (ofWindows && mayMixNames(expr)) return true;
    if (ofParam && (expr.kind === 'call' || expr.kind === 'vectorSelector')) return true;
    const isChecked = expr.kind === 'aggregate' && CHECKED.has(expr.op);
    for (const below of children(expr)) {
      pending.push({
        expr: below,
        ofWindows: ofWindows || typeOf(below) === 'matrix',
        ofParam: ofParam || (isChecked && below === expr.param),
      });
    }
  }
  return false;
}

/** Whether two series of it may differ in their names only, when those of its operands do not. */
function mayMixNames(expr: Expr): boolean {
  if (expr.kind === 'vectorSelector')
    return !expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '=');
  return expr.kind === 'call' ? NAMING.has(expr.func) : expr.kind === 'binary' && expr.op === 'or';
}

/** What one selector looks at, at a step of the time t: the groups with samples in `(t + fromMs, t + toMs]`. */
interface Look {
  readonly fromMs: number;
  readonly toMs: number;
  /** Those that its matchers concern. */
  readonly groups: readonly PlannedGroup[];
}

/** Without selectors whose window is the same at every step: nothing is saved by cutting them. */
function looksOf(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  crossing: ReadonlySet<VectorSelector>,
): readonly Look[] {
  const at = (timeMs: number): ReadonlyMap<VectorSelector, TimeWindow> =>
    dataWindows(expr, { ...times, steps: { firstMs: timeMs, lastMs: timeMs } });
  const { startMs, stepMs } = times;
  const [windows, next] = [at(startMs), at(startMs + stepMs)];
  const looks = new Map<string, Look>();
  for (const selector of crossing) {
    const { afterMs, untilMs } = windows.get(selector)!;
    if (next.get(selector)!.untilMs === untilMs) continue;
    const relevant = relevantGroups(selector.matchers, groups);
    const look = { fromMs: afterMs - startMs, toMs: untilMs - startMs, groups: relevant };
    looks.set(JSON.stringify([look.fromMs, look.toMs, relevant.map(({ name }) => name)]), look);
  }
  return [...looks.values()];
}

/** The first steps of the shortest segments worth planning by themselves, in order, from 0 on. */
function cutsOf(looks: readonly Look[], { startMs, stepMs, count }: Grid): readonly number[] {
  const cuts = new Set([0]);
  /** The first step at `timeMs` or later. */
  const cut = (timeMs: number): void => {
    const step = Math.ceil((timeMs - startMs) / stepMs);
    if (step > 0 && step < count) cuts.add(step);
  };
  for (const { fromMs, toMs, groups } of looks) {
    for (const { bounds } of groups) {
      // Steps from which on a window has some of the group's times, and only those; then not only those, and none.
      if (bounds?.startMs !== undefined) {
        cut(bounds.startMs - toMs);
        cut(bounds.startMs - 1 - fromMs);
      }
      if (bounds?.endMs !== undefined) {
        cut(bounds.endMs + 1 - toMs);
        cut(bounds.endMs - fromMs);
      }
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

/** Steps by their numbers, both inclusive. */
interface Steps {
  readonly first: number;
  readonly last: number;
}

function segmentGrid({ startMs, stepMs }: Grid, { first, last }: Steps): Grid {
  return { startMs: startMs + first * stepMs, stepMs, count: last - first + 1 };
}

/** How many milliseconds of raw samples the selectors want of a segment together. */
function rawMs(looks: readonly Look[], segment: Grid, labels: ReadonlySet<string>): number {
  let total = 0;
  for (const { fromMs, toMs, groups } of looks) {
    const window = { afterMs: segment.startMs + fromMs, untilMs: gridEndMs(segment) + toMs };
    if (crossesBounds(groups, labels, window)) total += window.untilMs - window.afterMs;
  }
  return total;
}

/** Joins neighbours for as long as that costs nothing, and then, the cheapest first, while there are too many. */
function joinCheap(
  pieces: readonly Steps[],
  costOf: (first: number, last: number) => number,
): readonly Steps[] {
  const segments = pieces.map((steps) => ({ ...steps, cost: costOf(steps.first, steps.last) }));
  const joined = segments.slice(1).map((_, i) => costOf(segments[i]!.first, segments[i + 1]!.last));
  while (joined.length > 0) {
    const extra = joined.map((cost, i) => cost - segments[i]!.cost - segments[i + 1]!.cost);
    const cheapest = extra.indexOf(Math.min(...extra));
    if (extra[cheapest]! > 0 && segments.length <= MAX_SEGMENTS) break;
    const [left, right] = [segments[cheapest]!, segments[cheapest + 1]!];
    segments.splice(cheapest, 2, { first: left.first, last: right.last, cost: joined[cheapest]! });
    joined.splice(cheapest, 1);
    for (const i of [cheapest - 1, cheapest]) {
      if (i >= 0 && i < joined.length) joined[i] = costOf(segments[i]!.first, segments[i + 1]!.last);
    }
  }
  return segments;
}
