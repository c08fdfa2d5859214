// Planning: a query request becomes a plan over the groups of a snapshot.

import { DEFAULT_LOOKBACK_MS, planDistributed, planLocally, type PlanNode } from '../promql/plan/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';
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
}

/** @throws PromfedError `execution` when a duration of the query cannot be calculated. */
export function planQuery(
  { expr, grid, endMs, kind, lookbackDeltaMs }: QueryRequest,
  groups: readonly GroupSnapshot[],
  options: FederationOptions,
  planOptions: PlanQueryOptions,
): PlanNode {
  const times = {
    startMs: grid.startMs,
    endMs,
    stepMs: kind === 'range' ? grid.stepMs : 0,
    defaultStepMs: options.defaultStepMs,
    lookbackMs: lookbackDeltaMs ?? options.lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
  };
  if (!options.pushdown) return { ...planLocally(expr, times, groups), reason: PUSHDOWN_OFF };
  return planDistributed(expr, groups, times, { delaysNames: options.delaysNames, ...planOptions });
}
