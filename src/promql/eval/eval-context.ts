// Inputs of an evaluation.

import type { Annotations, Grid, StopSignal, Vector } from '../../model/index.js';
import type { SampleBudget } from '../../runtime/index.js';
import type { Fetch, PlanNode } from '../plan/index.js';
import type { SampleSource } from './sample-source.js';

/** Told of the operators of one evaluation; those that fail do not end. */
export interface EvalObserver {
  /** Something was asked of the node: its operands come next. */
  began(node: PlanNode): void;
  /** A scalar has no series and a sample a step. Of what is shared between operators each is told. */
  ended(node: PlanNode, result: { readonly series: number; readonly samples: number }): void;
}

/** What one evaluation works with. All of it belongs to one query. */
export interface EvalContext {
  /** The steps of the query. */
  readonly grid: Grid;
  /**
   * The merged result of a fetch, on the steps of the grid: this one's, or those of the subquery that the fetch
   * stands in. Called for every fetch of a plan before anything is computed. The columns stay the caller's: the
   * evaluator reads them, neither changes nor counts them.
   */
  fetched(fetch: Fetch, grid: Grid): Promise<Vector>;
  /** Raw samples for selectors that the plan left to this evaluation. */
  readonly samples: SampleSource;
  /** How far back an instant selector looks for a sample. */
  readonly lookbackDeltaMs: number;
  /** The step of subqueries that name none. */
  readonly defaultStepMs: number;
  /** Samples of columns and raw series that the evaluation holds are counted here, before they are allocated. */
  readonly budget: SampleBudget;
  readonly annotations: Annotations;
  readonly signal: StopSignal;
  /**
   * Names that operations drop are only dropped from the result, so that label functions and groupings still see
   * them (Prometheus' feature promql-delayed-name-removal).
   */
  readonly delayedNameRemoval?: boolean;
  /** Told of every operator as it is evaluated; left out, nothing is measured. */
  readonly observer?: EvalObserver | undefined;
  /** The query as the user wrote it: annotations then end in ` (line:col)`. */
  readonly queryText?: string;
}
