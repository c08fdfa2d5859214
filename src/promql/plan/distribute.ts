// The planner: an expression over many groups becomes a plan of fetches and local operators.

import { gridEndMs, type Grid } from '../../model/index.js';
import { recursionCheckpoints, type Expr } from '../language/index.js';
import { DistributedPlanner } from './distributed-planner.js';
import { HistogramReplans, NO_SELECTORS, type HistogramPlanning } from './native-histograms.js';
import type { PlanNode, PlanSteps, SegmentNode } from './node.js';
import type { PlannedGroup } from './pruning/planned-group.js';
import { SelectorRouting } from './pruning/selector-routing.js';
import { nameRemovalOf, type NameRemoval } from './pushdown/delayed-name-removal.js';
import { Pushdown } from './pushdown/pushdown.js';
import { trySegments } from './time-segments.js';
import type { PlanTimes } from './times.js';

export interface PlanOptions {
  /** Prometheus' feature promql-delayed-name-removal. Default false. */
  readonly delaysNames?: boolean;
  /** Keys (`selectionKey`) of the selections that answered with incomplete native histograms. Default none. */
  readonly histogramSelections?: ReadonlySet<string>;
  /** Keys (`expressionKey`) of the operations that a region rejected, which promfed computes. Default none. */
  readonly rejected?: ReadonlySet<string>;
  /**
   * True when the answer to a plan that is one fetch passes through undecoded. When false, its native histograms must
   * be complete, and a range vector is read from raw samples, because decoded results lie on the step grid. Default
   * true.
   */
  readonly passesThrough?: boolean;
  /** `--query.max-requests`. Default: no limit. */
  readonly maxRequests?: number | undefined;
}

const NONE: ReadonlySet<string> = new Set();

/** Number of nodes that are planned in one step. */
const STEP_NODES = 300;

/** The inputs of planning, equal for all segments of a query. */
interface Planning extends HistogramPlanning {
  /** Expressions to be planned in advance, each in a step of its own. Empty for a small query. */
  readonly checkpoints: readonly Expr[];
  readonly nameRemoval: NameRemoval;
  readonly rejected: ReadonlySet<string>;
  readonly maxRequests: number;
}

/**
 * Plans an expression over groups. A local expression is sent whole to each group that may have data, an aggregation of
 * a local expression splits in two where that is sound, and everything else is evaluated from its operands. When a
 * range crosses the time bounds of groups, its steps are planned in segments.
 *
 * @throws PromfedError `execution` when a duration of the query cannot be calculated; `limit` when the fetches have more
 *   than `maxRequests` requests.
 */
export function planDistributed(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  options: PlanOptions = {},
): PlanNode {
  const planning = planInSteps(expr, groups, times, options);
  if ('kind' in planning) return planning;
  for (;;) {
    const step = planning.next();
    if (step.done === true) return step.value;
  }
}

/** Plans as `planDistributed` does: at once when the query is small, otherwise in steps of a few milliseconds. */
export function planInSteps(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  options: PlanOptions = {},
): PlanNode | PlanSteps {
  const { delaysNames = false, histogramSelections = NONE, rejected = NONE, passesThrough = true } = options;
  const { maxRequests = Infinity } = options;
  const nameRemoval = nameRemovalOf(expr, delaysNames);
  const routing = SelectorRouting.create(expr, groups, times);
  const segments = trySegments(expr, groups, times, routing);
  const checkpoints = recursionCheckpoints(expr, STEP_NODES);
  const planning: Planning = {
    expr,
    checkpoints,
    groups,
    nameRemoval,
    histogramSelections,
    rejected,
    maxRequests,
    passesThrough: passesThrough && segments === undefined,
  };
  if (segments !== undefined) return planSegments(planning, times, segments);
  return checkpoints.length === 0 ? planAtOnce(planning, times, routing) : planGrid(planning, times, routing);
}

function* planSegments(planning: Planning, times: PlanTimes, segments: readonly Grid[]): PlanSteps {
  const { expr, groups } = planning;
  const { position } = expr;
  const planned: SegmentNode[] = [];
  for (const grid of segments) {
    yield;
    const steps = { firstMs: grid.startMs, lastMs: gridEndMs(grid) };
    const segmentTimes = { ...times, steps };
    const segmentRouting = SelectorRouting.create(expr, groups, segmentTimes);
    const input = yield* planGrid(planning, segmentTimes, segmentRouting);
    planned.push({ kind: 'segment', grid, input, position });
  }
  return { kind: 'segments', segments: planned, position };
}

/** Makes one plan for all steps of `times`. */
function* planGrid(planning: Planning, times: PlanTimes, routing: SelectorRouting): PlanSteps {
  const replans = HistogramReplans.tryCreate(planning, routing);
  for (;;) {
    const planner = createPlanner(planning, times, routing, replans?.selectors);
    for (const below of planning.checkpoints) {
      planner.planAhead(below);
      yield;
    }
    const plan = finish(planner, planning);
    if (replans?.isNeededAfter(plan) !== true) return plan;
  }
}

/** Does the same for a query without checkpoints. A generator costs as much as the plan of a small query. */
function planAtOnce(planning: Planning, times: PlanTimes, routing: SelectorRouting): PlanNode {
  const replans = HistogramReplans.tryCreate(planning, routing);
  for (;;) {
    const plan = finish(createPlanner(planning, times, routing, replans?.selectors), planning);
    if (replans?.isNeededAfter(plan) !== true) return plan;
  }
}

function createPlanner(
  { nameRemoval, rejected, maxRequests }: Planning,
  times: PlanTimes,
  routing: SelectorRouting,
  histogramSelectors = NO_SELECTORS,
): DistributedPlanner {
  const own = routing.with(histogramSelectors);
  return new DistributedPlanner(new Pushdown(own, times, nameRemoval, rejected), own, times, maxRequests);
}

function finish(planner: DistributedPlanner, { expr, passesThrough }: Planning): PlanNode {
  return passesThrough ? planner.plan(expr) : planner.planDecoded(expr);
}
