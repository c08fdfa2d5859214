// Time segments: the steps of a range query, cut where the groups that its selectors read change.

import { minOf, gridEndMs, METRIC_NAME, rangeGrid, type Grid, type TimeWindow } from '../../model/index.js';
import {
  children,
  walk,
  type AggregateOp,
  type CallExpr,
  type Expr,
  type VectorSelector,
} from '../language/index.js';
import { createInfoTimes } from './info.js';
import { dataWindows } from './pruning/data-windows.js';
import { MatchTime, pruneGroups } from './pruning/group-pruning.js';
import type { PlannedGroup } from './pruning/planned-group.js';
import { needsRawSamples, type SelectorRouting } from './pruning/selector-routing.js';
import type { PlanTimes } from './times.js';

/** Maximum number of segments. Each one sends its own requests. */
const MAX_SEGMENTS = 16;
/** Upper bound on cuts × selectors. Beyond it, planning costs more than the raw samples it saves. */
const MAX_CHECKS = 4_000;

/** Aggregations whose parameter is checked over all steps at once. */
const CHECKED_AGGREGATIONS: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
/** Functions that can give equal series different names. */
const NAMING_FUNCTIONS: ReadonlySet<string> = new Set(['label_replace', 'label_join', 'info']);

/**
 * Cuts the steps of a range query so that the windows of its selectors lie on one side of the groups' time bounds in
 * most segments, and only the segments around the bounds need raw samples. Steps are not cut where that would read
 * more raw samples than it saves.
 *
 * @param routing over all steps: only a selector whose window crosses bounds is worth a cut.
 * @returns two or more segments, ordered by time, which together are the steps of the query; undefined when the query is
 *   best planned as a whole.
 * @throws PromfedError `execution` when a duration of the expression cannot be calculated.
 */
export function trySegments(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  routing: SelectorRouting,
): readonly Grid[] | undefined {
  if (times.stepMs === 0 || times.steps !== undefined) return undefined;
  if (groups.every(({ bounds }) => bounds === undefined)) return undefined;
  const crossing = new Set<VectorSelector>();
  walk(expr, (one) => {
    if (one.kind === 'vectorSelector' && routing.route(one).crossesBounds) crossing.add(one);
  });
  if (crossing.size === 0 || dependsOnAllSteps(expr)) return undefined;
  const grid = rangeGrid(times.startMs, times.endMs, times.stepMs);
  const windows = movingWindows(expr, groups, times, crossing);
  if (windows.length * groups.length > MAX_CHECKS) return undefined;
  const firstSteps = cutsOf(windows, grid);
  if (firstSteps.length < 2 || firstSteps.length * windows.length > MAX_CHECKS) return undefined;
  const segments = joinSegments(
    firstSteps.map((step, i) => ({ first: step, last: (firstSteps[i + 1] ?? grid.count) - 1 })),
    (first, last) => rawSampleMs(windows, segmentGrid(grid, { first, last }), routing.labels),
  );
  return segments.length < 2 ? undefined : segments.map((segment) => segmentGrid(grid, segment));
}

/**
 * Reports whether an error of the query may depend on steps far from each other. A function of windows fails when two
 * of its series become equal without their names, even if they never exist at the same step. An aggregation fails when
 * its parameter is NaN at any step. Linear in the expression.
 *
 * Source: Prometheus, promql/engine.go (`eval`, calls with a matrix argument; `rangeEvalAgg`).
 */
function dependsOnAllSteps(root: Expr): boolean {
  const pending = [{ expr: root, inWindows: false, inParam: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { expr, inWindows, inParam } = next;
    if (inWindows && mayMixNames(expr)) return true;
    if (inParam && (expr.kind === 'call' || expr.kind === 'vectorSelector')) return true;
    const isChecked = expr.kind === 'aggregate' && CHECKED_AGGREGATIONS.has(expr.op);
    for (const below of children(expr)) {
      pending.push({
        expr: below,
        inWindows: inWindows || below.kind === 'matrixSelector' || below.kind === 'subquery',
        inParam: inParam || (isChecked && below === expr.param),
      });
    }
  }
  return false;
}

/** Reports whether an expression may have two series that differ only in their names, although no operand has. */
function mayMixNames(expr: Expr): boolean {
  if (expr.kind === 'vectorSelector')
    return !expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '=');
  return expr.kind === 'call' ? NAMING_FUNCTIONS.has(expr.func) : expr.kind === 'binary' && expr.op === 'or';
}

/** The window of a selector that moves with the steps: `(t + fromMs, t + toMs]` at the step at time t. */
interface MovingWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** The groups that the matchers of the selector keep, at any time. */
  readonly groups: readonly PlannedGroup[];
}

/** Omits selectors whose window is the same at every step: a cut saves nothing for them. */
function movingWindows(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  crossing: ReadonlySet<VectorSelector>,
): readonly MovingWindow[] {
  const infoTimes = createInfoTimes(times);
  const windowsAt = (timeMs: number): ReadonlyMap<VectorSelector | CallExpr, TimeWindow> =>
    dataWindows(expr, { ...times, steps: { firstMs: timeMs, lastMs: timeMs } }, infoTimes, false);
  const { startMs, stepMs } = times;
  const [windows, next] = [windowsAt(startMs), windowsAt(startMs + stepMs)];
  const moving = new Map<string, MovingWindow>();
  const matchTime = new MatchTime();
  for (const selector of crossing) {
    const { afterMs, untilMs } = windows.get(selector)!;
    if (next.get(selector)!.untilMs === untilMs) continue;
    const kept = pruneGroups(selector.matchers, groups, undefined, matchTime).groups;
    const window = { fromMs: afterMs - startMs, toMs: untilMs - startMs, groups: kept };
    moving.set(JSON.stringify([window.fromMs, window.toMs, kept.map(({ name }) => name)]), window);
  }
  return [...moving.values()];
}

/** The first steps of the shortest segments that differ in their groups, ascending from 0. */
function cutsOf(windows: readonly MovingWindow[], { startMs, stepMs, count }: Grid): readonly number[] {
  const cuts = new Set([0]);
  /** Cuts before the first step at `timeMs` or later. */
  const cut = (timeMs: number): void => {
    const step = Math.ceil((timeMs - startMs) / stepMs);
    if (step > 0 && step < count) cuts.add(step);
  };
  for (const { fromMs, toMs, groups } of windows) {
    for (const { bounds } of groups) {
      // The steps at which a window begins to overlap the bounds, and those at which it is covered by them.
      if (bounds?.startMs !== undefined) {
        cut(bounds.startMs - toMs);
        cut(bounds.startMs - 1 - fromMs);
      }
      // The steps at which it is no longer covered, and those at which it no longer overlaps.
      if (bounds?.endMs !== undefined) {
        cut(bounds.endMs + 1 - toMs);
        cut(bounds.endMs - fromMs);
      }
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

/** Step numbers, both inclusive. */
interface Steps {
  readonly first: number;
  readonly last: number;
}

function segmentGrid({ startMs, stepMs }: Grid, { first, last }: Steps): Grid {
  return { startMs: startMs + first * stepMs, stepMs, count: last - first + 1 };
}

/** The total length of the windows that have to be read from raw samples in a segment, milliseconds. */
function rawSampleMs(windows: readonly MovingWindow[], segment: Grid, labels: ReadonlySet<string>): number {
  let total = 0;
  for (const { fromMs, toMs, groups } of windows) {
    const window = { afterMs: segment.startMs + fromMs, untilMs: gridEndMs(segment) + toMs };
    if (needsRawSamples(groups, labels, window)) total += window.untilMs - window.afterMs;
  }
  return total;
}

/** Joins neighbours, the cheapest join first: all joins that cost nothing, and more while there are too many segments. */
function joinSegments(
  pieces: readonly Steps[],
  costOf: (first: number, last: number) => number,
): readonly Steps[] {
  const segments = pieces.map((steps) => ({ ...steps, cost: costOf(steps.first, steps.last) }));
  const joined = segments.slice(1).map((_, i) => costOf(segments[i]!.first, segments[i + 1]!.last));
  while (joined.length > 0) {
    const extra = joined.map((cost, i) => cost - segments[i]!.cost - segments[i + 1]!.cost);
    const cheapest = extra.indexOf(minOf(extra));
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
