// The ports of server groups: a configured group, its snapshots, and the requests to them.

import type { FrameStream, ResponseTrailer, ResultType, BufferedAnswer } from '../json/index.js';
import type {
  Grid,
  LabelCorrection,
  LabelFilter,
  Labels,
  Matcher,
  Product,
  PromfedError,
  RawSeries,
  StopSignal,
  TimeBounds,
  TimeWindow,
} from '../model/index.js';
import type { MemoryAccount, SampleBudget } from '../runtime/index.js';
import type { RegionRuleGroup, RulesQuery } from './region-rules.js';

/** A query as it is sent to a region: to `query` with the only step of the grid, or to `query_range`. */
export interface RegionQuery {
  readonly kind: 'instant' | 'range';
  readonly expr: string;
  readonly grid: Grid;
  /** The labels that the series of each target's answer are given before answers are merged. Default: their own. */
  readonly labelRule?: LabelCorrection | undefined;
}

/** The inputs that all requests of one query to its regions share. */
export interface FetchContext {
  /** Aborts when the client leaves, the deadline passes or the query fails elsewhere. */
  readonly signal: StopSignal;
  /** Deadline of the query, epoch milliseconds. The remaining time is sent as `timeout`. */
  readonly deadlineMs: number;
  /** Sent to the region; undefined for the region's own default. */
  readonly lookbackDeltaMs: number | undefined;
  /**
   * Headers in addition to the configured ones, over which they take precedence: name0, value0, name1, value1, …
   * All are valid in HTTP, and none is reserved (`isReservedHeader`).
   */
  readonly headers?: readonly string[] | undefined;
  /** Default: requests are not observed. */
  readonly stats?: ExchangeStats | undefined;
  /** Account for the bytes of responses. Default: they are not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** Observes the requests to the targets of a group. */
export interface ExchangeStats {
  /** Called when the headers of a target's response have arrived. */
  answered(): void;
  /** Called when a request is over. @param bytes of the response's body that were received, after decoding. */
  closed(bytes: number): void;
}

/** The answer of a region, once its headers and result type have arrived. */
export interface GroupAnswer {
  readonly resultType: ResultType;
  /**
   * The merged answers of the replicas, with the labels of the region and without those of the group.
   *
   * A replica that fails within its answer becomes a warning of the trailer; the stream throws when all have failed. A
   * partial answer has a warning in the trailer. The caller reads the stream to its end or closes it. Aborting the
   * context's signal ends it too.
   */
  readonly frames: FrameStream;
  /**
   * Returns the content of a small answer in one piece; `frames` must not be read then. Returns undefined for a large or
   * failed answer, which `frames` returns from its beginning. Called at most once, before `frames` is read. Missing when
   * the answer must be read as a stream.
   */
  readonly tryBuffer?: () => Promise<BufferedAnswer | undefined>;
  /** Names of the targets whose answers are merged in `frames`, for errors in them. Missing when they are not known. */
  readonly targets?: readonly string[];
  /** The error of a replica that rejected the expression while others answered, which is also a warning of the trailer. */
  readonly rejection?: PromfedError | undefined;
}

/** A request for raw samples. */
export interface SamplesQuery {
  /** Matchers of the labels that series have in the region, without the labels of the group. */
  readonly matchers: readonly Matcher[];
  readonly window: TimeWindow;
  /** Budget from which samples are reserved before they are allocated. The samples of the result stay reserved. */
  readonly budget: SampleBudget;
}

/** Raw samples of a group, in memory. The caller owns the series and returns their samples to the budget. */
export interface GroupSamples {
  /** Series with the labels of the region, unordered, without duplicates, each with at least one sample. */
  readonly series: readonly RawSeries[];
  /** True when every target that answered returns stale markers. */
  readonly hasStaleMarkers: boolean;
  readonly trailer: ResponseTrailer;
}

/** A request for metadata of the series that match any of the selectors within a time range. */
export interface MetadataQuery {
  /** One list of matchers for each selector. Empty for all series. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Epoch milliseconds, both inclusive; undefined for the region's default. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Maximum number of results; undefined for all. */
  readonly limit: number | undefined;
}

/** A metadata answer with its warnings. */
export interface MetadataAnswer<T> {
  readonly data: T;
  readonly warnings: readonly string[];
}

/** One entry of a metric in `/api/v1/metadata`. */
export interface MetricMetadata {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** The state of one learned label of one group. */
export interface LabelIndexStatus {
  /** The server group's name. */
  readonly group: string;
  readonly label: string;
  /** True when queries are routed by the label. Otherwise the group is queried for all values. */
  readonly isUsed: boolean;
  /** Number and age of the learned values; undefined before the first success and when there were too many to keep. */
  readonly values: number | undefined;
  readonly ageMs: number | undefined;
}

/** The known names of native histograms of a group. They may grow during a request. */
export interface HistogramNames {
  has(name: string): boolean;
  /** Adds the name of a metric whose native histograms were found in an answer. */
  learn(name: string): void;
}

/**
 * A server group at the start of a request: targets with equal labels, which hold the same data, and the methods to
 * query them. A configured group whose targets differ in labels has several snapshots. A snapshot is immutable: it keeps
 * its targets when the group changes.
 *
 * A request succeeds when at least one target answers; each failed target becomes a warning.
 *
 * @throws PromfedError (each method) with the name of the group and the reasons when no target answered: `rejected` or
 *   `rejected_request` when one of them rejected the expression or the parameters, `region_limit` when all exceeded limits
 *   of their own, otherwise `upstream`, also when the group has no targets. `execution` when a target reports that no
 *   server can evaluate the query; `canceled` or `timeout` when the signal aborts; `memory` and `overloaded` from the
 *   context's memory account.
 */
export interface GroupSnapshot {
  /** Name of the server group, with the labels of the targets where these differ. Unique within a request. */
  readonly name: string;
  /** Labels that the federation sets on every series of the group. They override labels of the region. */
  readonly labels: Labels;
  /** True when a failure of the group is a warning instead of an error. */
  readonly ignoreError: boolean;
  /** True when several targets hold the same data. */
  readonly replicated: boolean;
  /** True when only raw samples of the region are used, because it does not evaluate as Prometheus does. */
  readonly exact?: boolean | undefined;
  /** True when the region moves the steps of range queries to multiples of the step. */
  readonly alignsRanges?: boolean | undefined;
  /** The `semantics: native` setting: the region's own evaluation is accepted where it differs. */
  readonly native?: boolean | undefined;
  /**
   * The distinct products of the targets; `UNKNOWN_PRODUCT` before detection. Undefined for a group that evaluates
   * everything as promfed does.
   */
  readonly products?: readonly Product[] | undefined;
  /**
   * How the raw samples of the targets are read, as text: `by remote read`, or `by queries` with the reason. Without
   * duplicates. Undefined for a group that is not queried over HTTP.
   */
  readonly rawSamples?: readonly string[] | undefined;
  /** True when range functions are computed from the merged raw samples of the replicas. */
  readonly mergesWindows?: boolean | undefined;
  /** True when selectors are computed from the merged raw samples of the replicas as well. */
  readonly mergesLookback?: boolean | undefined;
  /** Known names of native histograms. Undefined for a group without remote read, whose raw samples lack them too. */
  readonly histograms?: HistogramNames | undefined;
  /** True when queries may use the partial native histograms of JSON answers (`allow_lossy`). */
  readonly allowsLossyHistograms?: boolean | undefined;
  /** Matchers that callers add to every selector sent to the group. Never empty; undefined when there are none. */
  readonly inject?: readonly Matcher[] | undefined;
  /** Known values of labels other than `labels`. Undefined when no values are known. */
  readonly filter?: LabelFilter | undefined;
  /** Times between which the group has samples; undefined for any time. */
  readonly bounds?: TimeBounds | undefined;
  /** Metrics that only this group has at the time of an instant query. Undefined for a group that may have any metric. */
  readonly ownedNames?: ReadonlySet<string> | undefined;

  query(query: RegionQuery, context: FetchContext): Promise<GroupAnswer>;
  /**
   * Returns raw samples; those of replicas are merged by `anti_affinity`. Remote read and VictoriaMetrics return stale
   * markers, a range-vector query of Prometheus does not. A replica that fails, before or within its answer, becomes a
   * warning of the trailer if another one is read to its end.
   *
   * @throws PromfedError `limit` too, when the samples exceed the budget.
   */
  samples(query: SamplesQuery, context: FetchContext): Promise<GroupSamples>;
  /** Returns the label sets of the region, unordered and without the labels of the group. The caller owns the list. */
  series(query: MetadataQuery, context: FetchContext): Promise<MetadataAnswer<Labels[]>>;
  labelNames(query: MetadataQuery, context: FetchContext): Promise<MetadataAnswer<readonly string[]>>;
  labelValues(
    name: string,
    query: MetadataQuery,
    context: FetchContext,
  ): Promise<MetadataAnswer<readonly string[]>>;
  metadata(
    metric: string | undefined,
    limit: number | undefined,
    context: FetchContext,
  ): Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>>;
  /** Returns the rule groups that the region evaluates itself, without the labels of the group. */
  rules(query: RulesQuery, context: FetchContext): Promise<MetadataAnswer<readonly RegionRuleGroup[]>>;
}

/** A configured server group. Its targets and learned values may change at any time. */
export interface ServerGroup {
  readonly name: string;
  /**
   * Returns the current state of the group: one snapshot for each distinct label set of its targets. A group without
   * targets has one snapshot, whose requests fail.
   *
   * @param nowMs epoch milliseconds; the reference of relative time ranges.
   * @param usesLearned false to prune by configured label values only, not by learned ones.
   */
  snapshots(nowMs: number, usesLearned: boolean): readonly GroupSnapshot[];
  /**
   * Detects the properties of all targets, for a process without background work. Takes two seconds at most and never
   * rejects. Missing for a group without targets over HTTP.
   */
  detect?(): Promise<void>;
  /** Returns the state of each learned label. Empty when no labels are learned. */
  labelIndex(): readonly LabelIndexStatus[];
  /** Ends background work and closes all connections. Requests in progress fail. */
  close(): Promise<void>;
}
