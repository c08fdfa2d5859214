// The planner: an expression over many groups becomes a plan of fetches and local operators.

import { gridEndMs } from '../../model/index.js';
import { recursionCheckpoints, type Expr } from '../language/index.js';
import { DistributedPlanner } from './distributed-planner.js';
import { planCompleteHistograms, type HistogramPlanning } from './native-histograms.js';
import type { PlanNode } from './node.js';
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
}

const NONE: ReadonlySet<string> = new Set();

/** The inputs of planning, equal for all segments of a query. */
interface Planning extends HistogramPlanning {
  readonly nameRemoval: NameRemoval;
  readonly rejected: ReadonlySet<string>;
}

/**
 * Plans an expression over groups. A local expression is sent whole to each group that may have data, an aggregation of
 * a local expression splits in two where that is sound, and everything else is evaluated from its operands. When a
 * range crosses the time bounds of groups, its steps are planned in segments.
 *
 * @throws PromfedError `execution` when a duration of the query cannot be calculated.
 */
export function planDistributed(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  options: PlanOptions = {},
): PlanNode {
  const { delaysNames = false, histogramSelections = NONE, rejected = NONE, passesThrough = true } = options;
  const nameRemoval = nameRemovalOf(expr, delaysNames);
  const routing = SelectorRouting.create(expr, groups, times);
  const segments = trySegments(expr, groups, times, routing);
  const planning = { expr, groups, nameRemoval, histogramSelections, rejected };
  if (segments === undefined) return planSteps({ ...planning, passesThrough }, times, routing);
  const { position } = expr;
  return {
    kind: 'segments',
    segments: segments.map((grid) => {
      const steps = { firstMs: grid.startMs, lastMs: gridEndMs(grid) };
      const segmentTimes = { ...times, steps };
      const segmentRouting = SelectorRouting.create(expr, groups, segmentTimes);
      const input = planSteps({ ...planning, passesThrough: false }, segmentTimes, segmentRouting);
      return { kind: 'segment', grid, input, position };
    }),
    position,
  };
}

/** Makes one plan for all steps of `times`. */
function planSteps(planning: Planning, times: PlanTimes, routing: SelectorRouting): PlanNode {
  const { expr, nameRemoval, rejected, passesThrough } = planning;
  const checkpoints = recursionCheckpoints(expr);
  return planCompleteHistograms(planning, routing, (histogramSelectors) => {
    const own = routing.with(histogramSelectors);
    const planner = new DistributedPlanner(new Pushdown(own, times, nameRemoval, rejected), own, times);
    for (const below of checkpoints) planner.planAhead(below);
    return passesThrough ? planner.plan(expr) : planner.planDecoded(expr);
  });
}
