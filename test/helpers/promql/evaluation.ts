// Inputs of evaluations in tests.

import { Annotations, gridEndMs, type Grid } from '../../../src/model/index.js';
import { createMemorySource, type EvalContext } from '../../../src/promql/eval/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import { planLocally, type PlanNode } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';
import { ALL_FEATURES } from './all-features.js';

const DEFAULT_STEP_MS = 60_000;

/** Creates a context without samples, in which a fetch is an error. `changes` replaces single inputs. */
export function createEvalContext(grid: Grid, changes: Partial<EvalContext> = {}): EvalContext {
  return {
    grid,
    fetched: () => Promise.reject(new Error('unexpected fetch')),
    samples: createMemorySource([]),
    lookbackDeltaMs: 300_000,
    defaultStepMs: DEFAULT_STEP_MS,
    budget: new SampleBudget({ maxSamples: 1e9 }),
    annotations: new Annotations(),
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Plans a query for evaluation from raw samples, with all features enabled. */
export function planRaw(query: string, grid: Grid): PlanNode {
  return planLocally(parseExpr(query, { features: ALL_FEATURES }), {
    startMs: grid.startMs,
    endMs: gridEndMs(grid),
    stepMs: grid.count === 1 ? 0 : grid.stepMs,
    defaultStepMs: DEFAULT_STEP_MS,
  });
}
