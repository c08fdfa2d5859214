// Inputs of an evaluation.

import type { Annotations, Grid, StopSignal, Value, Vector } from '../../model/index.js';
import type { SampleBudget } from '../../runtime/index.js';
import type { Fetch, PlanNode } from '../plan/index.js';
import type { SampleSource } from './sample-source.js';

/** Observes the operators of one evaluation. */
export interface EvalObserver {
  /** Called before the operands of the node are evaluated. */
  began(node: PlanNode): void;
  /**
   * Called with the result; not called for a node that fails. A result shared by several operators is reported for each.
   * The operator above may change the value in place afterwards.
   */
  ended(node: PlanNode, value: Value): void;
}

export const NO_OBSERVER: EvalObserver = { began: () => undefined, ended: () => undefined };

/** The inputs of one evaluation. All belong to one query. */
export interface EvalContext {
  /** The steps of the query. */
  readonly grid: Grid;
  /**
   * Returns the merged result of a fetch on the steps of `grid`: the grid of the evaluation or of the subquery that
   * contains the fetch. Called for all fetches of a plan before anything is computed. The caller owns the columns: they
   * are not changed, nor counted towards the budget.
   */
  fetched(fetch: Fetch, grid: Grid): Promise<Vector>;
  /** Raw samples for the selectors of the plan. */
  readonly samples: SampleSource;
  /** Maximum age of the sample that an instant selector returns, exclusive. */
  readonly lookbackDeltaMs: number;
  /** The step of subqueries without one. */
  readonly defaultStepMs: number;
  /** The budget for samples of columns and raw series. They are reserved before they are allocated. */
  readonly budget: SampleBudget;
  readonly annotations: Annotations;
  readonly signal: StopSignal;
  /**
   * True to remove metric names at the end, so that label functions and groupings still have them (Prometheus' feature
   * promql-delayed-name-removal). Default: each operation removes them immediately.
   */
  readonly delayedNameRemoval?: boolean;
  /** Default `NO_OBSERVER`. */
  readonly observer?: EvalObserver;
  /** The text of the query. With it, annotations end in ` (LINE:COLUMN)`. */
  readonly queryText?: string;
}
