// One run of one query: admission, parsing, planning, deadline, attempts and release.

import { Annotations, asPromfedError, type PromfedError } from '../model/index.js';
import type { PlanNode } from '../promql/plan/index.js';
import { Pacer, type MemoryAccount } from '../runtime/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';
import { UNLIMITED, type Admitted } from './admission.js';
import { Deadline } from './deadline.js';
import { snapshotGroups } from './group-snapshot.js';
import { learnFromReplan, NativeHistogramReplan } from './replan/native-histogram-replan.js';
import type { FederationOptions } from './options.js';
import { planQuery } from './plan-query.js';
import { sentBytes } from './planned-requests.js';
import type { ParsedQuery, QueryAnswer, QueryRequest, ValueAnswer } from './query-engine.js';
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

/**
 * Bytes of one node of a query: in its tree about 200, in its plan up to 1,500 for a node that is fetched from many groups,
 * less for all others. Measured on Node 20.
 */
const NODE_BYTES = 1024;

/** Length from which on the texts of the requests are charged, and a query waits for its turn before it is parsed. */
const LONG_TEXT_CHARS = 16 << 10;

/** A query that is admitted and parsed. */
interface Parsed {
  readonly admitted: Admitted;
  /** Time of the timeout. */
  readonly endMs: number;
  readonly groups: readonly GroupSnapshot[];
  readonly query: ParsedQuery;
  readonly rejected: RejectedOperations;
}

/** A query that is planned as well. */
interface Prepared extends Parsed {
  /** The plan of the latest attempt. */
  plan: PlanNode;
}

/** One run of one query over a snapshot of the server groups. */
export class QueryRun<Answer extends QueryAnswer> {
  readonly #request: QueryRequest;
  readonly #options: FederationOptions;
  readonly #mode: RunMode<Answer>;
  readonly #stats: QueryStats;
  readonly #requests: QueryRequests;
  /** Keys (`selectionKey`) of the selections that are known to hold native histograms. */
  readonly #histogramSelections = new Set<string>();
  #prepared: Prepared | undefined;

  /** Does nothing before `prepare` or `start`. */
  constructor(
    request: QueryRequest,
    options: FederationOptions,
    mode: RunMode<Answer>,
    stats = new QueryStats({ detail: request.stats, grid: request.grid }),
  ) {
    this.#request = request;
    this.#options = options;
    this.#mode = mode;
    this.#stats = stats;
    this.#requests = new QueryRequests(options.maxRequests ?? Infinity);
  }

  /** The plan of the latest attempt, and the server groups that it was made over. Undefined until the query is prepared. */
  get prepared(): Pick<Prepared, 'plan' | 'groups'> | undefined {
    return this.#prepared;
  }

  /**
   * Waits until the query is admitted, then parses and plans it. Called once: by `start`, or before it. The caller that
   * does not start the run afterwards calls `release`.
   *
   * @returns undefined when the query is prepared at once.
   * @throws PromfedError errors of admission and of the query; nothing is held then. A promise rejects with them.
   */
  prepare(): Promise<void> | undefined {
    const { admission = UNLIMITED, clock } = this.#options;
    const { signal, timeoutMs } = this.#request;
    const endMs = clock.now() + timeoutMs;
    const waitingSinceMs = this.#stats.elapsedMs();
    const pending = admission.admit(signal, timeoutMs);
    if (pending instanceof Promise || this.#isLong) {
      return this.#prepareInTurn(pending, waitingSinceMs, endMs);
    }
    return this.#plan(pending, waitingSinceMs, endMs);
  }

  /** Prepares the query after its admission. A long one waits for its turn, because parsing it takes tens of milliseconds. */
  async #prepareInTurn(
    pending: Admitted | Promise<Admitted>,
    waitingSinceMs: number,
    endMs: number,
  ): Promise<void> {
    const admitted = await pending;
    try {
      if (this.#isLong) await new Pacer(this.#request.signal).pause();
    } catch (thrown) {
      admitted.release();
      throw thrown;
    }
    await this.#plan(admitted, waitingSinceMs, endMs);
  }

  get #isLong(): boolean {
    return this.#request.text.length > LONG_TEXT_CHARS;
  }

  /**
   * Runs the query, once admitted, within its timeout.
   *
   * @returns the answer. It holds the query's memory until the caller releases it.
   */
  async start(): Promise<Answer> {
    if (this.#prepared === undefined) {
      const preparing = this.prepare();
      if (preparing !== undefined) await preparing;
    }
    const prepared = this.#prepared!;
    const { admitted } = prepared;
    try {
      const answer = await this.#attempts(prepared);
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

  /** Returns what a prepared query holds. */
  release(): void {
    this.#prepared?.admitted.release();
  }

  /** @param waitingSinceMs start of the wait for admission, on the clock of the statistics. */
  #plan(admitted: Admitted, waitingSinceMs: number, endMs: number): Promise<void> | undefined {
    this.#stats.admitted(waitingSinceMs);
    try {
      const parsed = this.#parse(admitted, endMs);
      const planning = this.#createPlan(parsed);
      if (!(planning instanceof Promise)) {
        this.#adopt(parsed, planning);
        return undefined;
      }
      return planning
        .then((plan) => {
          this.#adopt(parsed, plan);
        })
        .catch((thrown: unknown) => {
          admitted.release();
          throw thrown;
        });
    } catch (thrown) {
      admitted.release();
      throw thrown;
    }
  }

  #adopt({ admitted, endMs, groups, query, rejected }: Parsed, plan: PlanNode): void {
    this.#chargeRequests(plan, admitted.memory);
    this.#prepared = { admitted, endMs, groups, query, rejected, plan };
  }

  /** Charges the texts of the requests. Those of a short query are within the reserve of every request. */
  #chargeRequests(plan: PlanNode, memory: MemoryAccount): void {
    if (this.#isLong) memory.reserve('expressions', sentBytes(plan));
  }

  #parse(admitted: Admitted, endMs: number): Parsed {
    const query = this.#request.parse();
    admitted.memory.reserve('expressions', this.#bytesOf(query));
    const { extraGroups = [], routing } = this.#request;
    const snapshots = snapshotGroups(this.#options.groups, this.#options.clock.now(), routing);
    const groups = extraGroups.length === 0 ? snapshots : [...snapshots, ...extraGroups];
    return { admitted, endMs, groups, query, rejected: new RejectedOperations(query.expr) };
  }

  #bytesOf({ nodes }: ParsedQuery): number {
    return nodes * NODE_BYTES + this.#request.text.length;
  }

  /**
   * Attempts the query until no fetch returns native histograms that are computed with, and no region rejects an
   * expression. After each attempt the selectors of such a fetch are known to hold histograms, or promfed computes the
   * expression, and the next plan differs.
   */
  async #attempts(prepared: Prepared): Promise<Answer> {
    const { admitted, rejected, query } = prepared;
    let { memory } = admitted;
    let histogramReplans = 0;
    for (;;) {
      try {
        return await this.#attempt(prepared, memory);
      } catch (thrown) {
        if (thrown instanceof RejectionReplan) {
          if (!rejected.learn(thrown, prepared.plan)) throw thrown;
        } else if (thrown instanceof NativeHistogramReplan && histogramReplans < MAX_REPLANS) {
          const isLast = ++histogramReplans === MAX_REPLANS;
          if (!learnFromReplan(thrown, prepared.plan, this.#histogramSelections, isLast)) throw thrown;
        } else {
          throw thrown;
        }
        memory = admitted.renew();
        memory.reserve('expressions', this.#bytesOf(query));
        prepared.plan = await this.#createPlan(prepared);
        this.#chargeRequests(prepared.plan, memory);
      }
    }
  }

  async #attempt({ plan, endMs, rejected }: Prepared, memory: MemoryAccount): Promise<Answer> {
    const request = this.#request;
    const options = this.#options;
    const deadline = new Deadline(request.signal, Math.max(1, endMs - options.clock.now()), options.clock);
    try {
      return await this.#mode.run(plan, {
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
        replansWithout: (fetch, text) => rejected.canReplan(fetch, plan, text),
      });
    } catch (thrown) {
      const cause = causeOf(thrown, deadline);
      deadline.release();
      throw cause;
    }
  }

  #createPlan({ query, groups, rejected, endMs }: Parsed): PlanNode | Promise<PlanNode> {
    const startMs = this.#stats.elapsedMs();
    const plan = planQuery(this.#request, query.expr, groups, this.#options, {
      passesThrough: this.#mode.passesThrough,
      histogramSelections: this.#histogramSelections,
      rejected: rejected.keys,
      pacer: new Pacer(this.#request.signal),
      deadlineMs: endMs,
    });
    if (!(plan instanceof Promise)) {
      this.#stats.planned(startMs);
      return plan;
    }
    return plan.finally(() => {
      this.#stats.planned(startMs);
    });
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
