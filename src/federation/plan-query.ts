// Planning: a query request becomes a plan over the groups of a snapshot.

import type { Expr } from '../promql/language/index.js';
import {
  DEFAULT_LOOKBACK_MS,
  planInSteps,
  planLocally,
  type PlanNode,
  type PlanSteps,
} from '../promql/plan/index.js';
import type { Pacer } from '../runtime/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';
import { timedOut } from './deadline.js';
import type { FederationOptions } from './options.js';
import type { QueryRequest } from './query-engine.js';

const PUSHDOWN_OFF = {
  kind: 'other',
  text: 'pushdown is off: everything is computed here from raw samples',
} as const;

export interface PlanQueryOptions {
  /** True when the answer to a plan that is one fetch passes through as bytes. */
  readonly passesThrough: boolean;
  /** Keys (`selectionKey`) of the selections that are known to hold native histograms. */
  readonly histogramSelections: ReadonlySet<string>;
  /** Keys (`expressionKey`) of the operations that a region rejected. */
  readonly rejected: ReadonlySet<string>;
  /** Interrupts the planning of a large query. */
  readonly pacer: Pacer;
  /** Time of the timeout. */
  readonly deadlineMs: number;
}

/**
 * Plans a query: at once when it is small, otherwise in turns of the event loop.
 *
 * @throws PromfedError `execution` when a duration of the query cannot be calculated; `limit` when the plan has too many
 *   requests; `timeout` and `canceled` between two turns.
 */
export function planQuery(
  { grid, endMs, kind, lookbackDeltaMs }: QueryRequest,
  expr: Expr,
  groups: readonly GroupSnapshot[],
  options: FederationOptions,
  { pacer, deadlineMs, passesThrough, histogramSelections, rejected }: PlanQueryOptions,
): PlanNode | Promise<PlanNode> {
  const times = {
    startMs: grid.startMs,
    endMs,
    stepMs: kind === 'range' ? grid.stepMs : 0,
    defaultStepMs: options.defaultStepMs,
    lookbackMs: lookbackDeltaMs ?? options.lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
  };
  if (!options.pushdown) return { ...planLocally(expr, times, groups), reason: PUSHDOWN_OFF };
  const { delaysNames, maxRequests, clock } = options;
  const planOptions = { delaysNames, maxRequests, passesThrough, histogramSelections, rejected };
  const planning = planInSteps(expr, groups, times, planOptions);
  if ('kind' in planning) return planning;
  return runInTurns(planning, pacer, () => {
    if (clock.now() >= deadlineMs) throw timedOut();
  });
}

function runInTurns(steps: PlanSteps, pacer: Pacer, checkTime: () => void): PlanNode | Promise<PlanNode> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (!pacer.due) continue;
    return pacer.pause().then(() => {
      checkTime();
      return runInTurns(steps, pacer, checkTime);
    });
  }
}
