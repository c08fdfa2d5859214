// The ports of server groups: a configured group, its snapshots, and the requests to them.

import type { FrameStream, ResponseTrailer, ResultType, BufferedAnswer } from '../json/index.js';
import type {
  Grid,
  LabelFilter,
  Labels,
  Matcher,
  RawSeries,
  StopSignal,
  TimeBounds,
  TimeWindow,
} from '../model/index.js';
import type { MemoryAccount, SampleBudget } from '../runtime/index.js';

/** A query as it is sent to a region: to `query` with the only step of the grid, or to `query_range`. */
export interface RegionQuery {
  readonly kind: 'instant' | 'range';
  readonly expr: string;
  readonly grid: Grid;
}

/** Limits and context of the requests to a region. */
export interface FetchContext {
  /** Aborts when the client leaves, the deadline passes or the query fails elsewhere. */
  readonly signal: StopSignal;
  /** Deadline of the query, epoch milliseconds. The remaining time is sent as `timeout`. */
  readonly deadlineMs: number;
  /** Sent to the region; undefined for the region's own default. */
  readonly lookbackDeltaMs: number | undefined;
  /**
   * Headers of the requests beside the configured ones, which they take precedence over: name0, value0, name1, value1,
   * … Valid in HTTP, and without those that describe the connection or the body (`isReservedHeader`).
   */
  readonly headers?: readonly string[] | undefined;
  /** Observes the exchanges with the targets. */
  readonly stats?: ExchangeStats | undefined;
  /** Account for the bytes of responses. Default: they are not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** Observes one request to a group, over all of its targets. */
export interface ExchangeStats {
  /** The headers of a target's response have arrived. */
  answered(): void;
  /** A target's response was read to its end or released. @param bytes of its body that were read, after decoding. */
  closed(bytes: number): void;
}

/** The answer of a region, once its headers and result type have arrived. */
export interface GroupAnswer {
  readonly resultType: ResultType;
  /**
   * The answers of replicas are merged. Labels are those of the region, without the group's labels.
   *
   * A replica that fails within its answer is a warning of the trailer while another one is read to its end; the last one
   * to fail makes the stream throw. A partial answer has a warning in the trailer.
   *
   * The holder reads it to its end or closes it; aborting the context's signal ends it too.
   */
  readonly frames: FrameStream;
  /**
   * Buffers a small answer: the content of `frames`, which is at its end then. Undefined for an answer that is larger or
   * fails: `frames` has all of it then. Called once, before `frames` is read. Left out when the answer must be read as a
   * stream.
   */
  readonly tryBuffer?: () => Promise<BufferedAnswer | undefined>;
}

/** A request for raw samples. */
export interface SamplesQuery {
  /** Apply to the labels of the region, without the group's labels. */
  readonly matchers: readonly Matcher[];
  readonly window: TimeWindow;
  /** Samples are reserved in it before they are allocated. Those of the answer stay reserved. */
  readonly budget: SampleBudget;
}

/** Raw samples of a group, in memory. The caller owns the series and releases them in the budget. */
export interface GroupSamples {
  /** With the labels of the region. Unordered, without duplicates, each with at least one sample. */
  readonly series: readonly RawSeries[];
  /** True when every target that answered returns stale markers. */
  readonly hasStaleMarkers: boolean;
  readonly trailer: ResponseTrailer;
}

/** A request for metadata of the series that match any of the selectors within a time range. */
export interface MetadataQuery {
  /** Each list is one selector. Empty for all series. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Milliseconds, both inclusive; undefined for the region's default. */
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
  /** True when queries are routed by the label. Otherwise the group is queried for every value. */
  readonly isUsed: boolean;
  /** Number and age of the learned values; undefined when nothing was learned, or too many to keep. */
  readonly values: number | undefined;
  readonly ageMs: number | undefined;
}

/** The known names of native histograms of a group. They may grow during a request. */
export interface HistogramNames {
  has(name: string): boolean;
  /** Adds the name of a metric that an answer had native histograms of. */
  learn(name: string): void;
}

/**
 * A server group at the start of a request, and the means to query it: targets with equal labels, which hold the same
 * data. A configured group whose targets differ in labels has several snapshots. What a snapshot shows and queries
 * does not change, whatever becomes of the group.
 *
 * Requests go to targets as the group's policy decides, need one that answers, and name each failed target in a
 * warning. They throw PromfedError: `upstream` with the group's name and the cause when no target answered or there is
 * none, `execution` when a target says that the query cannot be evaluated, `canceled` or `timeout` when the signal
 * aborts, `memory` and `overloaded` as the context's memory does.
 */
export interface GroupSnapshot {
  /** Unique within a request: the group's name, with labels of the targets where these differ. */
  readonly name: string;
  /** Set by the federation on every series of the group, above a label of the same name that a series has. */
  readonly labels: Labels;
  /** True when a failure of the group is a warning. */
  readonly ignoreError: boolean;
  /** True when several targets hold the same data. */
  readonly replicated: boolean;
  /** True when the region evaluates by other rules than PromQL's, so that only its raw samples are used. */
  readonly exact?: boolean | undefined;
  /** True when the region moves the steps of range queries to multiples of the step. */
  readonly alignsRanges?: boolean | undefined;
  /** True when the samples of replicas are merged before a function sees a window of them. */
  readonly mergesWindows?: boolean | undefined;
  /** Undefined when raw samples of the group lack native histograms as well. */
  readonly histograms?: HistogramNames | undefined;
  /** True when the partial native histograms of JSON answers are computed with. */
  readonly allowsLossyHistograms?: boolean | undefined;
  /** Matchers that callers add to every selector sent to the group; undefined for none, never empty. */
  readonly inject?: readonly Matcher[] | undefined;
  /** Known values of labels other than `labels`; undefined when nothing is known. */
  readonly filter?: LabelFilter | undefined;
  /** Times between which the group has samples; undefined for any time. */
  readonly bounds?: TimeBounds | undefined;

  query(query: RegionQuery, context: FetchContext): Promise<GroupAnswer>;
  /**
   * Returns raw samples, those of replicas merged by the anti-affinity rule. Remote read and VictoriaMetrics return
   * stale markers, a range-vector query of Prometheus does not. A replica that fails, also in the middle, is a warning
   * of the trailer while another one is read to its end.
   *
   * Throws `limit` too, when the budget does not allow for the samples.
   */
  samples(query: SamplesQuery, context: FetchContext): Promise<GroupSamples>;
  /** Label sets as the region has them, without the group's labels. Unordered. */
  series(query: MetadataQuery, context: FetchContext): Promise<MetadataAnswer<readonly Labels[]>>;
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
}

/** A configured server group. Its targets and learned values may change at any time. */
export interface ServerGroup {
  readonly name: string;
  /**
   * Returns the group as it is now: one snapshot for each set of labels that its targets have. A group without
   * targets has one, whose requests fail.
   *
   * @param nowMs epoch milliseconds: relative time ranges move with it.
   * @param usesLearned true to exclude by learned label values, false to use the configured ones only.
   */
  snapshots(nowMs: number, usesLearned: boolean): readonly GroupSnapshot[];
  /** Learned label values; empty when none are to be learned. */
  labelIndex(): readonly LabelIndexStatus[];
  /** Ends background work and every connection; requests in progress fail. */
  close(): Promise<void>;
}
