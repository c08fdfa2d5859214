// One run of one query: admission, deadline, planning, attempts and release.

import { Annotations, asPromfedError, type PromfedError } from '../model/index.js';
import type { PlanNode } from '../promql/plan/index.js';
import type { MemoryAccount } from '../runtime/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';
import { UNLIMITED, type Admitted } from './admission.js';
import { Deadline } from './deadline.js';
import { snapshotGroups } from './group-snapshot.js';
import { learnFromReplan, NativeHistogramReplan } from './replan/native-histogram-replan.js';
import type { FederationOptions } from './options.js';
import { planQuery } from './plan-query.js';
import type { QueryAnswer, QueryRequest, ValueAnswer } from './query-engine.js';
import { QueryRequests } from './query-requests.js';
import { RejectedOperations, RejectionReplan } from './replan/rejection-replan.js';
import { evaluatePlan, runPlan, type Attempt } from './run-plan.js';
import { QueryStats } from './stats/query-stats.js';

/**
 * Maximum number of plans after native histograms were found. The last one reads every selector raw that may hold native
 * histograms.
 */
const MAX_REPLANS = 3;

/** How a run turns its plan into an answer. */
export interface RunMode<Answer extends QueryAnswer> {
  /** True when the answer to a plan that is one fetch passes through as bytes. */
  readonly passesThrough: boolean;
  run(plan: PlanNode, attempt: Attempt): Promise<Answer>;
}

export const QUERY: RunMode<QueryAnswer> = { passesThrough: true, run: runPlan };
export const EVALUATE: RunMode<ValueAnswer> = { passesThrough: false, run: evaluatePlan };

/** One run of one query over a snapshot of the server groups. */
export class QueryRun<Answer extends QueryAnswer> {
  /** The server groups at the start of the run. */
  readonly groups: readonly GroupSnapshot[];
  readonly #request: QueryRequest;
  readonly #options: FederationOptions;
  readonly #mode: RunMode<Answer>;
  readonly #stats: QueryStats;
  readonly #requests: QueryRequests;
  /** Keys (`selectionKey`) of the selections that are known to hold native histograms. */
  readonly #histogramSelections = new Set<string>();
  readonly #rejected: RejectedOperations;
  #plan: PlanNode;

  /**
   * Plans the query.
   *
   * @throws PromfedError `execution` when a duration of the query cannot be calculated.
   */
  constructor(
    request: QueryRequest,
    options: FederationOptions,
    mode: RunMode<Answer>,
    stats = new QueryStats({ detail: request.stats, grid: request.grid }),
  ) {
    this.#request = request;
    this.#rejected = new RejectedOperations(request.expr);
    this.#options = options;
    this.#mode = mode;
    this.#stats = stats;
    this.#requests = new QueryRequests(options.maxRequests ?? Infinity);
    const snapshots = snapshotGroups(options.groups, options.clock.now(), request.routing);
    this.groups = request.extraGroups === undefined ? snapshots : [...snapshots, ...request.extraGroups];
    this.#plan = stats.planning(() => this.#createPlan());
  }

  /** The plan of the latest attempt. */
  get plan(): PlanNode {
    return this.#plan;
  }

  /**
   * Runs the query, once admitted, within its timeout.
   *
   * @returns the answer. It holds the query's memory until the caller releases it.
   */
  async start(): Promise<Answer> {
    const { admission = UNLIMITED, clock } = this.#options;
    const { signal, timeoutMs } = this.#request;
    const endMs = clock.now() + timeoutMs;
    const waitingSinceMs = this.#stats.elapsedMs();
    const pending = admission.admit(signal, timeoutMs);
    const admitted = pending instanceof Promise ? await pending : pending;
    this.#stats.admitted(waitingSinceMs);
    try {
      const answer = await this.#attempts(endMs, admitted);
      return {
        ...answer,
        release: () => {
          answer.release();
          admitted.release();
        },
      };
    } catch (thrown) {
      admitted.release();
      throw thrown;
    }
  }

  /**
   * Attempts the query until no fetch returns native histograms that are computed with, and no region rejects an
   * expression. After each attempt the selectors of such a fetch are known to hold histograms, or promfed computes the
   * expression, and the next plan differs.
   */
  async #attempts(endMs: number, admitted: Admitted): Promise<Answer> {
    let { memory } = admitted;
    let histogramReplans = 0;
    for (;;) {
      try {
        return await this.#attempt(Math.max(1, endMs - this.#options.clock.now()), memory);
      } catch (thrown) {
        if (thrown instanceof RejectionReplan) {
          if (!this.#rejected.learn(thrown, this.#plan)) throw thrown;
        } else if (thrown instanceof NativeHistogramReplan && histogramReplans < MAX_REPLANS) {
          const isLast = ++histogramReplans === MAX_REPLANS;
          if (!learnFromReplan(thrown, this.#plan, this.#histogramSelections, isLast)) throw thrown;
        } else {
          throw thrown;
        }
        this.#plan = this.#stats.planning(() => this.#createPlan());
        memory = admitted.renew();
      }
    }
  }

  async #attempt(timeoutMs: number, memory: MemoryAccount): Promise<Answer> {
    const request = this.#request;
    const options = this.#options;
    const deadline = new Deadline(request.signal, timeoutMs, options.clock);
    try {
      return await this.#mode.run(this.#plan, {
        request,
        options,
        kind: request.kind,
        grid: request.grid,
        deadline,
        annotations: new Annotations(),
        lookbackDeltaMs: request.lookbackDeltaMs ?? options.lookbackDeltaMs,
        stats: this.#stats,
        requests: this.#requests,
        memory,
        batching: request.batching,
        replansWithout: (fetch, text) => this.#rejected.canReplan(fetch, this.#plan, text),
      });
    } catch (thrown) {
      const cause = causeOf(thrown, deadline);
      deadline.release();
      throw cause;
    }
  }

  #createPlan(): PlanNode {
    const { passesThrough } = this.#mode;
    const histogramSelections = this.#histogramSelections;
    const rejected = this.#rejected.keys;
    const options = { passesThrough, histogramSelections, rejected };
    return planQuery(this.#request, this.groups, this.#options, options);
  }
}

/**
 * Returns the error to report for a failed attempt: the timeout if the deadline has expired, because other errors may
 * follow from it. An error of a region names the region, and is kept.
 */
function causeOf(thrown: unknown, deadline: Deadline): PromfedError {
  const { signal } = deadline.required;
  const error = asPromfedError(thrown);
  if (error.code === 'upstream' || error.code === 'timeout' || !signal.aborted) return error;
  const reason = asPromfedError(signal.reason);
  return reason.code === 'timeout' ? reason : error;
}
