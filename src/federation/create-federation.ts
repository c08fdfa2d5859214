// The federation: runs a query over all server groups and brings plan, regions, merge and evaluator together.

import {
  type PromfedError,
  Annotations,
  asPromfedError,
  type Grid,
  type StopSignal,
  type Vector,
  type Value,
} from '../model/index.js';
import { evaluate } from '../promql/eval/index.js';
import type { Expr } from '../promql/language/index.js';
import {
  operands,
  planDistributed,
  planLocally,
  type Fetch,
  type FetchNode,
  type PlanNode,
} from '../promql/plan/index.js';
import { SampleBudget, type Clock, type QueryMemory } from '../runtime/index.js';
import type { LabelIndexStatus, ServerGroup } from '../upstreams/index.js';
import type { Admission, Admitted } from './admission.js';
import { createDeadline, type Deadline } from './deadline.js';
import { explain, explainRun, type Explanation } from './explain.js';
import { fetchBytes } from './fetch/fetch-bytes.js';
import type { FetchRun } from './fetch/open-fetch.js';
import { createSampleSource } from './fetch/sample-source.js';
import { splitFetch } from './fetch/split-fetch.js';
import { snapshotGroups, type Routing, type GroupSnapshot } from './group-snapshot.js';
import { createMetadata, type Metadata } from './metadata.js';
import { NativeHistogramReplan, learnFromReplan } from './native-histogram-replan.js';
import type { QueryAnswer } from './query-answer.js';
import { QueryStats } from './query-stats.js';

export interface FederationOptions {
  readonly groups: readonly ServerGroup[];
  readonly clock: Clock;
  /** `--query.max-samples`. */
  readonly maxSamples: number;
  /** What admits requests; left out, all run at once and memory is not counted. */
  readonly admission?: Admission | undefined;
  /** `--query.lookback-delta`, in milliseconds; undefined to leave it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** The step of subqueries that name none, in milliseconds. */
  readonly defaultStepMs: number;
  /** Operations drop the names of series in the end only (Prometheus' feature promql-delayed-name-removal). */
  readonly delaysNames: boolean;
  /** `--query.pushdown`: false to have the regions send raw samples only, and to evaluate everything here. */
  readonly pushdown: boolean;
}

export interface QueryRequest {
  /** Over a range: a scalar or an instant vector. */
  readonly expr: Expr;
  /** The query's text: annotations give places in it. */
  readonly text: string;
  readonly kind: 'instant' | 'range';
  readonly grid: Grid;
  /** The end as it was asked for, which `@ end()` means; the grid's last step may lie before it. */
  readonly endMs: number;
  /** Overrides the federation's, for this query. */
  readonly lookbackDeltaMs: number | undefined;
  readonly timeoutMs: number;
  /** Default `learned`. */
  readonly routing?: Routing;
  /** At most so many series of a passed-through answer; undefined for all. */
  readonly limit: number | undefined;
  /** Aborts when the client leaves. */
  readonly signal: StopSignal;
}

/** What answers the HTTP API: the federation, and in the demo a region. */
export interface QueryEngine {
  /**
   * Runs a query.
   *
   * @throws PromfedError when the query cannot be answered: what the client has to change, a required group that
   * failed, a limit, the deadline.
   */
  query(request: QueryRequest): Promise<QueryAnswer>;
  /**
   * Explains how the query is answered; with `analyze` runs it as well, reads its answer and drops it. The query's own
   * failure is then told within the explanation. Left out by what asks no groups.
   *
   * @throws PromfedError when there is no plan: what the client has to change, a limit.
   */
  explain?(request: QueryRequest, analyze: boolean): Promise<Explanation>;
  readonly metadata: Metadata;
}

export interface Federation extends QueryEngine {
  explain(request: QueryRequest, analyze: boolean): Promise<Explanation>;
  /** What was learned of label values, by group and label. */
  labelIndex(): readonly LabelIndexStatus[];
  /** Ends every connection to every region. */
  close(): Promise<void>;
}

export function createFederation(options: FederationOptions): Federation {
  const { groups, clock } = options;
  const byName = new Map(groups.map((group) => [group.name, group]));

  return {
    metadata: createMetadata(groups, clock, options.admission),

    async query(request) {
      const seen = snapshotGroups(groups, clock.now(), request.routing ?? 'learned');
      return answerPlanned(planRequest(request, seen, options), request, seen);
    },

    async explain(request, analyze) {
      const seen = snapshotGroups(groups, clock.now(), request.routing ?? 'learned');
      const plan = planRequest(request, seen, options);
      const told = options.pushdown ? plan : { ...plan, reason: PUSHDOWN_OFF };
      if (!analyze) return explain(told, seen);
      const watch = new QueryStats();
      return explainRun(told, seen, watch, (use) => answerPlanned(told, request, seen, watch, use));
    },

    labelIndex: () => groups.flatMap((group) => group.labelIndex?.() ?? []),

    async close() {
      await Promise.all(groups.map((group) => group.close()));
    },
  };

  /**
   * As `answer`. When a fetch turns out to bring native histograms that are computed with here, and its groups have
   * them whole in their raw samples, the query is planned again, a few times at most and within its one timeout.
   *
   * @param use told each plan that is used in the place of the one before it.
   */
  async function answerPlanned(
    first: PlanNode,
    request: QueryRequest,
    seen: readonly GroupSnapshot[],
    watch?: QueryStats,
    use?: (plan: PlanNode) => void,
  ): Promise<QueryAnswer> {
    const endMs = clock.now() + request.timeoutMs;
    const pending = options.admission?.admit(request.signal, request.timeoutMs);
    const admitted = pending instanceof Promise ? await pending : pending;
    const release = (): void => {
      admitted?.release();
    };
    let answered = false;
    try {
      const planned = await tryPlans(first, request, seen, endMs, { watch, use, admitted });
      answered = true;
      const end = (): void => {
        planned.release();
        release();
      };
      return { ...planned, release: end };
    } finally {
      if (!answered) release();
    }
  }

  async function tryPlans(
    first: PlanNode,
    request: QueryRequest,
    seen: readonly GroupSnapshot[],
    endMs: number,
    { watch, use, admitted }: PlanRun,
  ): Promise<QueryAnswer> {
    const met = new Set<string>();
    let memory = admitted?.memory;
    let plan = first;
    for (let replans = 0; ; replans++) {
      try {
        return await answer(plan, request, seen, Math.max(1, endMs - clock.now()), watch, memory);
      } catch (thrown) {
        if (!(thrown instanceof NativeHistogramReplan) || replans === MAX_REPLANS) throw thrown;
        const isLast = replans === MAX_REPLANS - 1;
        if (!learnFromReplan(thrown, fetchesOf(plan), met, isLast)) throw thrown;
        plan = planRequest(request, seen, options, met);
        use?.(plan);
        memory = admitted?.renew();
      }
    }
  }

  async function answer(
    plan: PlanNode,
    request: QueryRequest,
    seen: readonly GroupSnapshot[],
    timeoutMs: number,
    watch?: QueryStats,
    memory?: QueryMemory,
  ): Promise<QueryAnswer> {
    const annotations = new Annotations();
    const deadline = createDeadline(request.signal, timeoutMs, clock);
    const { kind, grid } = request;
    const lookbackDeltaMs = request.lookbackDeltaMs ?? options.lookbackDeltaMs;
    const groups = byName;
    const run: FetchRun = {
      kind,
      grid,
      groups,
      deadline,
      annotations,
      lookbackDeltaMs,
      stats: watch,
      memory,
    };
    const release = (): void => {
      deadline.release();
    };
    try {
      if (plan.kind === 'fetch') {
        const fetched = await fetchBytes(plan.fetch, run, request.limit);
        const resultType = kind === 'range' || plan.fetch.type === 'matrix' ? 'matrix' : 'vector';
        // Of a whole answer nothing is under way any more.
        const end = fetched.buffered === undefined ? release : deadline.settle;
        return { kind: 'bytes', resultType, ...fetched, annotations, release: end };
      }
      const value = await evaluatePlan(plan, request, run, seen, options);
      return { kind: 'value', value, annotations, release };
    } catch (thrown) {
      release();
      throw endReason(thrown, deadline);
    }
  }
}

/** What the attempts at one query have in common. */
interface PlanRun {
  readonly watch: QueryStats | undefined;
  readonly use: ((plan: PlanNode) => void) | undefined;
  readonly admitted: Admitted | undefined;
}

const PUSHDOWN_OFF = {
  kind: 'other',
  text: 'pushdown is off, so that everything is computed here from raw samples',
} as const;

/** What is met is known from then on. The last plan reads everything raw that could hold histograms. */
const MAX_REPLANS = 3;

function fetchesOf(plan: PlanNode): FetchNode[] {
  const found: FetchNode[] = [];
  const pending = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch') found.push(node);
    pending.push(...operands(node));
  }
  return found;
}

function planRequest(
  { expr, grid, endMs, kind, lookbackDeltaMs }: QueryRequest,
  seen: readonly GroupSnapshot[],
  options: FederationOptions,
  histogramsMet: ReadonlySet<string> = new Set(),
): PlanNode {
  const isRange = kind === 'range';
  const times = {
    startMs: grid.startMs,
    endMs,
    stepMs: isRange ? grid.stepMs : 0,
    defaultStepMs: options.defaultStepMs,
    lookbackMs: lookbackDeltaMs ?? options.lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
  };
  return options.pushdown
    ? planDistributed(expr, seen, times, { delaysNames: options.delaysNames, histogramsMet })
    : planLocally(expr, times);
}

async function evaluatePlan(
  plan: PlanNode,
  request: QueryRequest,
  run: FetchRun,
  seen: readonly GroupSnapshot[],
  options: FederationOptions,
): Promise<Value> {
  const budget = new SampleBudget({ maxSamples: options.maxSamples }, run.memory);
  const running = new Map<string, Promise<Vector>>();
  const fetched = (fetch: Fetch, grid: Grid): Promise<Vector> => {
    const key = JSON.stringify([grid, fetch.key]);
    const known = running.get(key);
    if (known !== undefined) return known;
    // Only the query's own steps can be one instant, which is another question than a range of one step.
    const onGrid: FetchRun = grid === request.grid ? run : { ...run, kind: 'range', grid };
    const started = splitFetch(fetch, onGrid, budget);
    running.set(key, started);
    return started;
  };
  return evaluate(plan, {
    grid: request.grid,
    fetched,
    samples: createSampleSource(seen, run, budget),
    lookbackDeltaMs: run.lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
    defaultStepMs: options.defaultStepMs,
    budget,
    annotations: run.annotations,
    delayedNameRemoval: options.delaysNames,
    signal: run.deadline.required.signal,
    queryText: request.text,
    observer: run.stats,
  });
}

/** Prometheus' own default. */
const DEFAULT_LOOKBACK_MS = 300_000;

/** A deadline that passed, or a client that left, is why everything else failed. */
function endReason(thrown: unknown, deadline: Deadline): PromfedError {
  const { signal } = deadline.required;
  const error = asPromfedError(thrown);
  if (error.code === 'upstream' || error.code === 'timeout' || !signal.aborted) return error;
  const reason = asPromfedError(signal.reason);
  return reason.code === 'timeout' ? reason : error;
}
