// A server group as the federation sees it: one region, whatever number of targets stands behind it.

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

/** A query as a region is sent it. A grid of one instant with `kind: 'instant'` asks `query`, else `query_range`. */
export interface RegionQuery {
  readonly kind: 'instant' | 'range';
  readonly expr: string;
  readonly grid: Grid;
}

/** What every request to a region is bound by. */
export interface FetchContext {
  /** Aborts when the client leaves, the deadline passes or the query fails elsewhere. */
  readonly signal: StopSignal;
  /** When the query must be over, epoch milliseconds; also sent on as `timeout`. */
  readonly deadlineMs: number;
  /** Sent on when it differs from the regions' own default; undefined to leave it to them. */
  readonly lookbackDeltaMs: number | undefined;
  /**
   * Headers of the requests beside the configured ones, which they take precedence over: name0, value0, name1, value1,
   * … Valid in HTTP, and without those that describe the connection or the body (`isReservedHeader`).
   */
  readonly headers?: readonly string[] | undefined;
  /** Told of every exchange with a target; left out, nobody is. */
  readonly stats?: ExchangeStats | undefined;
  /** What is held of answers is taken from it; left out, it is not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** What one request to a group is seen to take, over all of its targets. */
export interface ExchangeStats {
  /** A target's answer has begun: its headers have arrived. */
  answered(): void;
  /** A target's answer was read to its end or let go, after so many bytes of its body, unpacked. */
  closed(bytes: number): void;
}

/** A region's answer, opened: its headers and result type have arrived. */
export interface GroupAnswer {
  readonly resultType: ResultType;
  /**
   * Of replicas: already merged. Labels are the region's own: the group's labels are not set yet.
   *
   * A replica that fails midway becomes a warning of the tail while another one is read to its end; the last one to
   * fail makes the stream throw. An answer that calls itself partial has a warning in the tail that says so.
   *
   * Whoever holds it reads it to its end or calls `return`; aborting the context's signal ends it too.
   */
  readonly frames: FrameStream;
  /**
   * Reads a small answer as a whole: all that `frames` has, if it ends well within a few ten thousand bytes; `frames` is
   * then over. Undefined when it does not: `frames` has all of it then, and says what went wrong. Called once, before
   * `frames` is read; left out when the answer has to be read as a stream.
   */
  readonly tryBuffer?: () => Promise<BufferedAnswer | undefined>;
}

/** Which raw samples are wanted. */
export interface SamplesQuery {
  /** As the region knows its series: without the group's labels. */
  readonly matchers: readonly Matcher[];
  readonly window: TimeWindow;
  /** Samples are taken from it before they are allocated; those of the answer stay taken. */
  readonly budget: SampleBudget;
}

/** Raw samples of a group, all of them in memory. The receiver owns the series and gives them back to the budget. */
export interface GroupSamples {
  /** Labels are the region's own. Unordered, no two with equal labels, none without a sample. */
  readonly series: readonly RawSeries[];
  /** Whether series that have ended say so: every target that answered hands out stale markers. */
  readonly hasStaleMarkers: boolean;
  readonly trailer: ResponseTrailer;
}

/** Which part of the metadata is meant: series that match any of the selectors, seen in the window. */
export interface MetadataQuery {
  /** Each list is one selector; the selectors are a union. Empty for everything. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Milliseconds, both inclusive; undefined for the region's default. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** At most so many results are wanted; undefined for all. */
  readonly limit: number | undefined;
}

/** A metadata answer and what has to be said about it. */
export interface MetadataAnswer<T> {
  readonly data: T;
  readonly warnings: readonly string[];
}

/** `GET /api/v1/metadata`, one entry of a metric. */
export interface MetricMetadata {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** One label of one group that queries are routed by. */
export interface LabelIndexStatus {
  /** The server group's name. */
  readonly group: string;
  readonly label: string;
  /** Whether it says where to ask. If not, the group is asked whatever the value is. */
  readonly isUsed: boolean;
  /** How many values were learned, and how long ago; undefined when none were, or too many to keep. */
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
