// The planner: an expression over many groups becomes a plan of fetches and local operators.

import { gridEndMs, type Grid } from '../../model/index.js';
import { recursionCheckpoints, type Expr } from '../language/index.js';
import { DistributedPlanner } from './distributed-planner.js';
import { planCompleteHistograms, type HistogramPlanning } from './native-histograms.js';
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
  const steps = planInSteps(expr, groups, times, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Plans as `planDistributed` does, in steps of a few milliseconds. */
export function planInSteps(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  options: PlanOptions = {},
): PlanSteps {
  const { delaysNames = false, histogramSelections = NONE, rejected = NONE, passesThrough = true } = options;
  const { maxRequests = Infinity } = options;
  const nameRemoval = nameRemovalOf(expr, delaysNames);
  const routing = SelectorRouting.create(expr, groups, times);
  const segments = trySegments(expr, groups, times, routing);
  const planning = { expr, groups, nameRemoval, histogramSelections, rejected, maxRequests };
  if (segments === undefined) return planGrid({ ...planning, passesThrough }, times, routing);
  return planSegments({ ...planning, passesThrough: false }, times, segments);
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
function planGrid(planning: Planning, times: PlanTimes, routing: SelectorRouting): PlanSteps {
  const { expr, nameRemoval, rejected, passesThrough, maxRequests } = planning;
  const checkpoints = recursionCheckpoints(expr, STEP_NODES);
  return planCompleteHistograms(planning, routing, function* (histogramSelectors) {
    const own = routing.with(histogramSelectors);
    const pushdown = new Pushdown(own, times, nameRemoval, rejected);
    const planner = new DistributedPlanner(pushdown, own, times, maxRequests);
    for (const below of checkpoints) {
      planner.planAhead(below);
      yield;
    }
    return passesThrough ? planner.plan(expr) : planner.planDecoded(expr);
  });
}
