// Running a plan once: one fetch passes through as bytes, anything else is evaluated.

import type { Grid, Vector } from '../model/index.js';
import { evaluate } from '../promql/eval/index.js';
import { DEFAULT_LOOKBACK_MS, type Fetch, type PlanNode } from '../promql/plan/index.js';
import { SampleBudget } from '../runtime/index.js';
import { fetchBytes } from './fetch/fetch-bytes.js';
import { resultTypeOf, type FetchRun } from './fetch/open-fetch.js';
import { GroupSampleSource } from './fetch/sample-source.js';
import { splitFetch } from './fetch/split-fetch.js';
import type { FederationOptions } from './options.js';
import { plannedRequests } from './planned-requests.js';
import type { BytesAnswer, QueryAnswer, QueryRequest, ValueAnswer } from './query-engine.js';

/** One attempt at a query. */
export interface Attempt extends FetchRun {
  readonly request: QueryRequest;
  readonly options: FederationOptions;
}

/** Runs a plan. The answer passes through when the plan is one fetch. */
export function runPlan(plan: PlanNode, attempt: Attempt): Promise<QueryAnswer> {
  return plan.kind === 'fetch' ? passThrough(plan.fetch, attempt) : evaluatePlan(plan, attempt);
}

async function passThrough(fetch: Fetch, attempt: Attempt): Promise<BytesAnswer> {
  const { kind, annotations, deadline, request, stats } = attempt;
  const fetched = await fetchBytes(fetch, attempt, request.limit);
  const resultType = resultTypeOf(fetch, kind);
  // A buffered answer is complete: no request is under way that the deadline would have to end.
  const release = (): void => {
    if (fetched.buffered === undefined) deadline.release();
    else deadline.disarm();
  };
  return { kind: 'bytes', resultType, ...fetched, annotations, stats, release };
}

/**
 * Runs a plan to its end. The answer is a value.
 *
 * @throws PromfedError `limit` before the first request when the plan has too many of them.
 */
export async function evaluatePlan(plan: PlanNode, attempt: Attempt): Promise<ValueAnswer> {
  const { request, options, annotations, deadline, lookbackDeltaMs, stats, requests } = attempt;
  requests.check(plannedRequests(plan, request.grid, options.defaultStepMs, requests.left));
  const budget = new SampleBudget({ maxSamples: options.maxSamples }, attempt.memory);
  // Lossy histograms are accepted only where nothing is computed with them.
  const acceptsLossyHistograms = plan.kind === 'fetch' && request.acceptsLossyHistograms === true;
  const fetches = new Fetches({ ...attempt, acceptsLossyHistograms }, budget);
  const value = await evaluate(plan, {
    grid: request.grid,
    fetched: (fetch, grid) => fetches.start(fetch, grid),
    samples: new GroupSampleSource(attempt, budget, stats),
    lookbackDeltaMs: lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
    defaultStepMs: options.defaultStepMs,
    budget,
    annotations,
    delayedNameRemoval: options.delaysNames,
    signal: deadline.required.signal,
    queryText: request.text,
    observer: stats.observer,
  });
  stats.evaluated(budget.peakSamples);
  const release = (): void => {
    deadline.release();
  };
  const isDisjoint = plan.kind === 'fetch';
  return { kind: 'value', value, isDisjoint, annotations, stats, release };
}

/** The fetches of one attempt. Equal ones are sent once. */
class Fetches {
  readonly #attempt: Attempt;
  readonly #budget: SampleBudget;
  readonly #started = new Map<string, Promise<Vector>>();

  constructor(attempt: Attempt, budget: SampleBudget) {
    this.#attempt = attempt;
    this.#budget = budget;
  }

  start(fetch: Fetch, grid: Grid): Promise<Vector> {
    const key = JSON.stringify([grid, fetch.key]);
    const known = this.#started.get(key);
    if (known !== undefined) return known;
    const attempt = this.#attempt;
    // Only the grid of the query can be an instant. A subquery with one step is still a range.
    const run = grid === attempt.request.grid ? attempt : { ...attempt, kind: 'range' as const, grid };
    const started = splitFetch(fetch, run, this.#budget);
    this.#started.set(key, started);
    return started;
  }
}
