// The federation: runs a query over all server groups and brings plan, regions, merge and evaluator together.

import type { PromfedError } from '../model/index.js';
import {
  Annotations,
  asPromfedError,
  SampleBudget,
  type Clock,
  type Grid,
  type Vector,
} from '../model/index.js';
import { evaluate, type Value } from '../promql/eval/index.js';
import type { Expr } from '../promql/language/index.js';
import { planDistributed, planLocally, type Fetch, type PlanNode } from '../promql/plan/index.js';
import type { LabelIndexStatus, ServerGroup } from '../upstreams/index.js';
import { createDeadline, type Deadline } from './deadline.js';
import { fetchBytes } from './fetch-bytes.js';
import { fetchInPieces } from './fetch-in-pieces.js';
import { createMetadata, type Metadata } from './metadata.js';
import type { FetchRun } from './open-fetch.js';
import { createSampleSource } from './sample-source.js';
import { seeGroups, type Routing, type SeenGroup } from './seen-groups.js';

export interface FederationOptions {
  readonly groups: readonly ServerGroup[];
  readonly clock: Clock;
  /** `--query.max-samples`. */
  readonly maxSamples: number;
  /** `--query.lookback-delta`, in milliseconds; undefined to leave it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** The step of subqueries that name none, in milliseconds. */
  readonly defaultStepMs: number;
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
  readonly signal: AbortSignal;
}

/**
 * A query's answer. `annotations` grow until the answer has been read to its end.
 *
 * Whoever receives it reads `series` to the end or returns it, and calls `release` in either case.
 */
export type QueryAnswer = { readonly annotations: Annotations; release(): void } & (
  | {
      /** Passed through: the members of `result` as JSON, in chunks, with commas between series. */
      readonly kind: 'bytes';
      readonly resultType: 'vector' | 'matrix';
      readonly series: AsyncGenerator<Uint8Array>;
    }
  | { readonly kind: 'value'; readonly value: Value }
);

/** What answers the HTTP API: the federation, and in the demo a region. */
export interface QueryEngine {
  /**
   * Runs a query.
   *
   * @throws PromfedError when the query cannot be answered: what the client has to change, a required group that
   * failed, a limit, the deadline.
   */
  query(request: QueryRequest): Promise<QueryAnswer>;
  readonly metadata: Metadata;
}

export interface Federation extends QueryEngine {
  /** What was learned of label values, by group and label. */
  labelIndex(): readonly LabelIndexStatus[];
  /** Ends every connection to every region. */
  close(): Promise<void>;
}

export function createFederation(options: FederationOptions): Federation {
  const { groups, clock } = options;
  const byName = new Map(groups.map((group) => [group.name, group]));

  return {
    metadata: createMetadata(groups, clock),

    async query(request) {
      const annotations = new Annotations();
      const seen = seeGroups(groups, clock.now(), request.routing ?? 'learned');
      const plan = planRequest(request, seen, options);
      const deadline = createDeadline(request.signal, request.timeoutMs, clock);
      const { kind, grid } = request;
      const lookbackDeltaMs = request.lookbackDeltaMs ?? options.lookbackDeltaMs;
      const run: FetchRun = { kind, grid, groups: byName, deadline, annotations, lookbackDeltaMs };
      const release = (): void => {
        deadline.release();
      };
      try {
        if (plan.kind === 'fetch') {
          const series = await fetchBytes(plan.fetch, run, request.limit);
          const resultType = kind === 'range' || plan.fetch.type === 'matrix' ? 'matrix' : 'vector';
          return { kind: 'bytes', resultType, series, annotations, release };
        }
        const value = await evaluatePlan(plan, request, run, seen, options);
        return { kind: 'value', value, annotations, release };
      } catch (thrown) {
        release();
        throw endReason(thrown, deadline);
      }
    },

    labelIndex: () => groups.flatMap((group) => group.labelIndex?.() ?? []),

    async close() {
      await Promise.all(groups.map((group) => group.close()));
    },
  };
}

function planRequest(
  { expr, grid, endMs, kind, lookbackDeltaMs }: QueryRequest,
  seen: readonly SeenGroup[],
  options: FederationOptions,
): PlanNode {
  const isRange = kind === 'range';
  const times = {
    startMs: grid.startMs,
    endMs,
    stepMs: isRange ? grid.stepMs : 0,
    defaultStepMs: options.defaultStepMs,
    lookbackMs: lookbackDeltaMs ?? options.lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
  };
  return options.pushdown ? planDistributed(expr, seen, times) : planLocally(expr, times);
}

async function evaluatePlan(
  plan: PlanNode,
  request: QueryRequest,
  run: FetchRun,
  seen: readonly SeenGroup[],
  options: FederationOptions,
): Promise<Value> {
  const budget = new SampleBudget({ maxSamples: options.maxSamples });
  const running = new Map<string, Promise<Vector>>();
  const fetched = (fetch: Fetch, grid: Grid): Promise<Vector> => {
    const key = JSON.stringify([grid, fetch.key]);
    const known = running.get(key);
    if (known !== undefined) return known;
    // Only the query's own steps can be one instant, which is another question than a range of one step.
    const onGrid: FetchRun = grid === request.grid ? run : { ...run, kind: 'range', grid };
    const started = fetchInPieces(fetch, onGrid, budget);
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
    signal: run.deadline.required.signal,
    queryText: request.text,
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
