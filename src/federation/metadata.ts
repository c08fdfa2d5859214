// Metadata over all groups: label names, label values, series and metric metadata, as one Prometheus would return them.

import { compareStrings, Labels, METRIC_NAME, TRUNCATION_WARNING } from '../model/index.js';
import { mergeDistinct } from '../merge/index.js';
import { matchersForGroup, MatchTime, pruneGroups } from '../promql/plan/index.js';
import { type MemoryAccount, Pacer, sortPaced } from '../runtime/index.js';
import {
  MetricUnion,
  type FetchContext,
  type GroupSnapshot,
  type MetadataAnswer,
  type MetadataQuery,
  type MetricMetadata,
} from '../upstreams/index.js';
import { runMetadataRequest, type Combine, type CombineContext, type GroupCall } from './metadata-run.js';
import type { FederationOptions } from './options.js';
import { sentSelectorBytes } from './planned-requests.js';
import type {
  FederatedRuleGroup,
  Metadata,
  MetadataRequest,
  MetadataResult,
  RulesRequest,
} from './query-engine.js';
import { queryRegionRules } from './region-rules.js';

/** Memory of a label whose strings are shared, in bytes. */
const LABEL_BYTES = 16;

/** Number of series that are labelled between two checks of the pacer. */
const LABELLED_EACH = 8;

/** Bytes of one matcher of `match[]`: its objects, its text, and its copies for groups that inject matchers. */
const SELECTOR_NODE_BYTES = 1024;

const NO_SELECTORS = { selectors: [], nodes: 0 };

/** Sends a request to one group. */
type Send<T> = (
  group: GroupSnapshot,
  query: MetadataQuery,
  context: FetchContext,
) => Promise<MetadataAnswer<T>>;

export class FederationMetadata implements Metadata {
  readonly #options: FederationOptions;

  constructor(options: FederationOptions) {
    this.#options = options;
  }

  series(request: MetadataRequest): Promise<MetadataResult<readonly Labels[]>> {
    return this.#run(
      request,
      (group, query, context) => group.series(query, context),
      async (answers, warnings, context) => {
        const lists: (readonly Labels[])[] = [];
        for (const { group, data } of answers) lists.push(await labelAll(data, group.labels, context));
        return limited(lists, (a, b) => Labels.compare(a, b), request.query.limit, warnings, context);
      },
    );
  }

  labelNames(request: MetadataRequest): Promise<MetadataResult<readonly string[]>> {
    return this.#run(
      request,
      (group, query, context) => group.labelNames(query, context),
      (answers, warnings, context) => {
        const withSeries = answers.filter(({ data }) => data.length > 0);
        const lists = withSeries.flatMap(({ group, data }) => [data, group.labels.names()]);
        return limited(lists, compareStrings, request.query.limit, warnings, context);
      },
    );
  }

  labelValues(name: string, request: MetadataRequest): Promise<MetadataResult<readonly string[]>> {
    return this.#run(
      request,
      (group, query, context) => labelValuesOf(group, name, query, context),
      (answers, warnings, context) => {
        const lists = answers.map(({ data }) => data);
        return limited(lists, compareStrings, request.query.limit, warnings, context);
      },
    );
  }

  metrics(
    metric: string | undefined,
    request: MetadataRequest,
  ): Promise<MetadataResult<ReadonlyMap<string, readonly MetricMetadata[]>>> {
    // Metadata has no times, and its names are not those of series: the series of a histogram have suffixes.
    const query = { ...request.query, startMs: undefined, endMs: undefined };
    return this.#run(
      { ...request, query, parseSelectors: () => NO_SELECTORS },
      (group, groupQuery, context) => metricsOf(group, metric, groupQuery, context),
      async (answers, warnings, context) => {
        const union = new MetricUnion();
        for (const { data } of answers) await union.add(data, context);
        const { metrics } = union;
        const names = await sortPaced(context.pacer, [...metrics.keys()], compareStrings);
        const kept = new Map<string, readonly MetricMetadata[]>();
        for (const name of names.slice(0, request.query.limit)) kept.set(name, metrics.get(name)!);
        return { data: kept, warnings };
      },
    );
  }

  rules(request: RulesRequest): Promise<MetadataResult<readonly FederatedRuleGroup[]>> {
    return queryRegionRules(request, this.#options);
  }

  #run<T, Result>(
    request: MetadataRequest,
    send: Send<T>,
    combine: Combine<T, Result>,
  ): Promise<MetadataResult<Result>> {
    const callsOf = (groups: readonly GroupSnapshot[], memory: MemoryAccount): GroupCall<T>[] => {
      const { selectors, nodes } = request.parseSelectors();
      memory.reserve('expressions', nodes * SELECTOR_NODE_BYTES);
      return groupQueries({ ...request.query, selectors }, groups).map(({ group, query }) => {
        memory.reserve('expressions', sentSelectorBytes(query.selectors));
        return {
          group,
          ignoreError: group.ignoreError,
          send: (context) => send(group, query, context),
        };
      });
    };
    return runMetadataRequest(request, this.#options, callsOf, combine);
  }
}

/** Returns the values of a label. One that the group sets has a single value, if any series of the group matches. */
async function labelValuesOf(
  group: GroupSnapshot,
  name: string,
  query: MetadataQuery,
  context: FetchContext,
): Promise<MetadataAnswer<readonly string[]>> {
  const own = group.labels.get(name);
  if (own === '') return group.labelValues(name, query, context);
  const { data, warnings } = await group.labelNames({ ...query, limit: 1 }, context);
  return {
    data: data.length > 0 ? [own] : [],
    warnings: warnings.filter((text) => text !== TRUNCATION_WARNING),
  };
}

/** Suffixes that series add to the metric name of the metadata, in the formats of Prometheus and OpenMetrics. */
const SUFFIXES = ['', '_bucket', '_sum', '_count', '_gsum', '_gcount', '_total', '_created', '_info'];

/** The metadata API takes no selectors. For a group with injected matchers it is limited to the names of its series. */
async function metricsOf(
  group: GroupSnapshot,
  metric: string | undefined,
  query: MetadataQuery,
  context: FetchContext,
): Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>> {
  if (group.inject === undefined) return group.metadata(metric, query.limit, context);
  const selectors = [matchersForGroup([], group)];
  const scope = { selectors, startMs: 0, endMs: undefined, limit: undefined };
  const [all, names] = await Promise.all([
    group.metadata(metric, undefined, context),
    group.labelValues(METRIC_NAME, scope, context),
  ]);
  const known = new Set(names.data);
  const data = new Map<string, readonly MetricMetadata[]>();
  const pacer = new Pacer(context.signal);
  for (const [name, entries] of all.data) {
    if (pacer.due) await pacer.pause();
    if (SUFFIXES.some((suffix) => known.has(name + suffix))) data.set(name, entries);
  }
  return { data, warnings: [...all.warnings, ...names.warnings] };
}

/** Returns the request to each group that may have series for one of the selectors. */
function groupQueries(
  query: MetadataQuery,
  groups: readonly GroupSnapshot[],
): { readonly group: GroupSnapshot; readonly query: MetadataQuery }[] {
  const window = { afterMs: (query.startMs ?? -Infinity) - 1, untilMs: query.endMs ?? Infinity };
  const selectors = query.selectors.length === 0 ? [[]] : query.selectors;
  const time = new MatchTime();
  const kept = selectors.map((matchers) => new Set(pruneGroups(matchers, groups, window, time).groups));
  return groups.flatMap((group) => {
    const own = selectors.filter((_, i) => kept[i]!.has(group));
    if (own.length === 0) return [];
    const isUnrestricted = query.selectors.length === 0 && group.inject === undefined;
    const sent = isUnrestricted ? [] : own.map((matchers) => matchersForGroup(matchers, group));
    return [{ group, query: { ...truncateQuery(query, group), selectors: sent } }];
  });
}

/** Limits the times of a request to a group whose time range truncates. */
function truncateQuery(query: MetadataQuery, { bounds }: GroupSnapshot): MetadataQuery {
  if (bounds?.truncate !== true) return query;
  const { startMs = bounds.startMs, endMs = bounds.endMs } = query;
  return {
    ...query,
    startMs: startMs === undefined ? undefined : Math.max(startMs, bounds.startMs ?? startMs),
    endMs: endMs === undefined ? undefined : Math.min(endMs, bounds.endMs ?? endMs),
  };
}

/** Sets the labels of the group on its series, which the caller owns: in place, so that they are not held twice. */
async function labelAll(
  series: Labels[],
  labels: Labels,
  { pacer, memory }: CombineContext,
): Promise<readonly Labels[]> {
  if (labels.size === 0) return series;
  memory.reserve('series', LABEL_BYTES * labels.size * series.length);
  for (const [i, own] of series.entries()) {
    if (i % LABELLED_EACH === 0 && pacer.due) await pacer.pause();
    series[i] = own.with(labels);
  }
  return series;
}

/** Returns the union of the lists up to the limit, with a warning when there is more. */
async function limited<T>(
  lists: readonly (readonly T[])[],
  compare: (a: T, b: T) => number,
  limit: number | undefined,
  warnings: readonly string[],
  context: CombineContext,
): Promise<MetadataAnswer<readonly T[]>> {
  const max = limit === undefined ? undefined : limit + 1;
  const all = await mergeDistinct(lists, { ...context, compare, max });
  if (limit === undefined || all.length <= limit) return { data: all, warnings };
  return { data: all.slice(0, limit), warnings: [...new Set([...warnings, TRUNCATION_WARNING])] };
}
