// The query engine: the port through which routes, rules and the command line run queries.

import type { ByteStream, SeriesFrame } from '../json/index.js';
import type { Annotations, Grid, Labels, Matcher, StopSignal, Value } from '../model/index.js';
import type { Expr } from '../promql/language/index.js';
import type { ExplainedNode } from '../promql/plan/index.js';
import type {
  GroupSnapshot,
  MetadataAnswer,
  MetadataQuery,
  MetricMetadata,
  RegionRuleGroup,
  RulesQuery,
} from '../upstreams/index.js';
import type { QueryBatching } from './fetch/query-batching.js';
import type { Routing } from './group-snapshot.js';
import type { StatsDetail } from './stats/sample-counts.js';

/**
 * Runs queries: the federation, a region of the demo, or a decorator of either.
 *
 * Every method takes its request as one object and returns promises only, so that a decorator can change the request,
 * the result, or both.
 */
export interface QueryEngine {
  /**
   * Runs a query. The planner chooses between bytes that pass through and a value.
   *
   * @throws PromfedError when the query cannot be answered: an invalid query, a required group that failed, a limit,
   *   or the deadline.
   */
  query(request: QueryRequest): Promise<QueryAnswer>;
  /** Runs a query to its end. The answer is always a value. Throws as `query` does. */
  evaluate(request: QueryRequest): Promise<ValueAnswer>;
  /**
   * Explains how `query` answers a query. The failure of an analyzed query is part of its explanation.
   *
   * @throws PromfedError when there is no plan: an invalid query or a limit; `not_found` when the engine does not plan
   *   over server groups.
   */
  explain(request: ExplainRequest): Promise<Explanation>;
  readonly metadata: Metadata;
}

/** A query that was parsed and checked. */
export interface ParsedQuery {
  /** Its type is scalar or instant vector for a range query. */
  readonly expr: Expr;
  /** Number of nodes, for the memory account of the request. */
  readonly nodes: number;
}

/** A query, its times and its limits. */
export interface QueryRequest {
  /**
   * Returns the parsed query. Called when the request is admitted: one that waits holds its text only.
   *
   * @throws PromfedError `bad_data` when the query is invalid or too large; `timeout` when its timeout is 0.
   */
  readonly parse: () => ParsedQuery;
  /** The query as it was sent; annotations refer to positions in it. */
  readonly text: string;
  readonly kind: 'instant' | 'range';
  /** The steps of the query. An instant query has one. */
  readonly grid: Grid;
  /** The requested end, which `@ end()` refers to. The last step of the grid may lie before it. */
  readonly endMs: number;
  /** Overrides the engine's lookback for this query. */
  readonly lookbackDeltaMs: number | undefined;
  readonly timeoutMs: number;
  readonly routing: Routing;
  /** Maximum number of series that pass through; undefined for all. Values are cut when they are encoded. */
  readonly limit: number | undefined;
  /** The statistics that the answer contains. */
  readonly stats: StatsDetail;
  /**
   * Accepts native histograms as JSON has them where `evaluate` returns fetched series unchanged, for answers that are
   * displayed and not computed with. A warning names the group. Default false: such an answer is an error.
   */
  readonly acceptsLossyHistograms?: boolean;
  /** Shared by requests whose instant queries are sent to the regions together. Default: each is sent alone. */
  readonly batching?: QueryBatching | undefined;
  /** Groups that only this query reads, each with `ownedNames`. Default none. */
  readonly extraGroups?: readonly GroupSnapshot[] | undefined;
  /** Aborts when the client leaves. */
  readonly signal: StopSignal;
}

export interface ExplainRequest extends QueryRequest {
  /** Also runs the query, reads its answer to the end and drops it. */
  readonly analyze: boolean;
}

/** The answer to a query. The caller calls `release` when it no longer holds the answer. */
export type QueryAnswer = BytesAnswer | ValueAnswer;

/** An answer that passes through. The caller reads `series` to its end or closes it. */
export interface BytesAnswer {
  readonly kind: 'bytes';
  readonly resultType: 'vector' | 'matrix';
  /** The members of `result` as JSON, in chunks, with commas between series. */
  readonly series: ByteStream;
  /** All of `series`, when the answer is small and complete. A caller that uses it need not read `series`. */
  readonly buffered?: readonly SeriesFrame[];
  /** Complete when `series` has been read to its end, like the statistics. */
  readonly annotations: Annotations;
  readonly stats: AnswerStats;
  release(): void;
}

/** An answer that promfed has computed. */
export interface ValueAnswer {
  readonly kind: 'value';
  readonly value: Value;
  /** True when each series of the value depends on the series of one server group only. */
  readonly isDisjoint: boolean;
  readonly annotations: Annotations;
  readonly stats: AnswerStats;
  release(): void;
}

/** The statistics of one run. */
export interface AnswerStats {
  /** Complete when the answer has been read to its end. */
  read(): QueryStatistics;
}

/**
 * The statistics of a query as the `stats` parameter returns them.
 *
 * Source: Prometheus, util/stats/query_stats.go (`queryTimings`, `querySamples`).
 */
export interface QueryStatistics {
  /** Seconds. */
  readonly timings: {
    /** Planning and evaluation, which includes the requests to regions. */
    readonly evalTotalTime: number;
    /** Always 0: results are sorted while they are merged or written. */
    readonly resultSortTime: number;
    /** Planning. */
    readonly queryPreparationTime: number;
    readonly innerEvalTime: number;
    /** Waiting for admission, which the other times do not include. */
    readonly execQueueTime: number;
    readonly execTotalTime: number;
  };
  /** Samples that promfed received. Samples that a region reads to compute its answer are not known. */
  readonly samples: {
    /** Seconds since the epoch, and the samples for that step. Only with `samples-per-step`. */
    readonly totalQueryableSamplesPerStep?: readonly (readonly [timeS: number, samples: number])[];
    readonly totalQueryableSamples: number;
    /** The largest number of samples held at once. */
    readonly peakSamples: number;
  };
}

/** The explanation of a query, as plain data that JSON can hold. */
export interface Explanation {
  /** The query as it was sent. */
  readonly query: string;
  readonly plan: ExplainedNode;
  /** The plan as lines of text. */
  readonly text: string;
  /** Every server group, in the order of the configuration. */
  readonly groups: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly replicated: boolean;
    /** True when a failure of the group is a warning. */
    readonly optional: boolean;
    /** The distinct products of the targets, such as `Prometheus 3.5.3`. Empty when they are not known yet. */
    readonly products: readonly string[];
    /** How raw samples are read where a query needs them: `by remote read`, or `by queries` with the reason. */
    readonly rawSamples: readonly string[];
  }[];
  /** Undefined when the query was not run. */
  readonly analysis: Analysis | undefined;
}

/** The measurements of a run. */
export interface Analysis {
  /** From the start to the end of the answer, milliseconds. */
  readonly timeMs: number;
  /** Passed through as `bytes` or computed as a `value`; undefined when the query failed before its answer began. */
  readonly path: 'bytes' | 'value' | undefined;
  /** Series and samples of the answer. For a failed query, those that had passed through until then. */
  readonly series: number;
  readonly samples: number;
  /** Undefined when the query succeeded. */
  readonly error: { readonly errorType: string; readonly error: string } | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** The selectors of a metadata request. */
export interface ParsedSelectors {
  /** One list of matchers for each selector. Empty for all series. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Number of nodes, for the memory account of the request. */
  readonly nodes: number;
}

export interface MetadataRequest {
  readonly query: Omit<MetadataQuery, 'selectors'>;
  /**
   * Returns the selectors. Called when the request is admitted: one that waits holds their text only.
   *
   * @throws PromfedError `bad_data` when a selector is invalid, or there are too many.
   */
  readonly parseSelectors: () => ParsedSelectors;
  readonly timeoutMs: number;
  readonly routing: Routing;
  /** Aborts when the client leaves. */
  readonly signal: StopSignal;
}

/** A request for the rules that the regions evaluate themselves. */
export interface RulesRequest {
  readonly query: RulesQuery;
  readonly timeoutMs: number;
  /** Aborts when the client leaves. */
  readonly signal: StopSignal;
}

/** A rule group of a region. The labels of the server group are added to those of its rules and alerts. */
export interface FederatedRuleGroup extends RegionRuleGroup {
  /** Name of the server group. Unique with file and name. */
  readonly serverGroup: string;
}

/** The caller calls `release`, when present, when it no longer holds the data. */
export interface MetadataResult<T> extends MetadataAnswer<T> {
  readonly release?: (() => void) | undefined;
}

export interface Metadata {
  /** Label sets, sorted, without duplicates. */
  series(request: MetadataRequest): Promise<MetadataResult<readonly Labels[]>>;
  /** Names, sorted, without duplicates. A group's own labels are included only when one of its series matches. */
  labelNames(request: MetadataRequest): Promise<MetadataResult<readonly string[]>>;
  /** Values, sorted, without duplicates. A group's own value is included only when one of its series matches. */
  labelValues(name: string, request: MetadataRequest): Promise<MetadataResult<readonly string[]>>;
  /** Entries by metric, sorted by metric. Entries that are equal in several regions appear once. */
  metrics(
    metric: string | undefined,
    request: MetadataRequest,
  ): Promise<MetadataResult<ReadonlyMap<string, readonly MetricMetadata[]>>>;
  /**
   * The rule groups of all regions, in the order of the server groups, then by file and name. The filters may have been
   * applied. A failure of any server group is a warning.
   */
  rules(request: RulesRequest): Promise<MetadataResult<readonly FederatedRuleGroup[]>>;
}
