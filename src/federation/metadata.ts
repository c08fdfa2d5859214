// Metadata over all groups: label names, label values, series and metric metadata, as one Prometheus would return them.

import { compareStrings, Labels, METRIC_NAME, TRUNCATION_WARNING } from '../model/index.js';
import { matchersForGroup, pruneGroups } from '../promql/plan/index.js';
import type {
  FetchContext,
  GroupSnapshot,
  MetadataAnswer,
  MetadataQuery,
  MetricMetadata,
} from '../upstreams/index.js';
import { runMetadataRequest, type Combine, type GroupCall } from './metadata-run.js';
import type { FederationOptions } from './options.js';
import type {
  FederatedRuleGroup,
  Metadata,
  MetadataRequest,
  MetadataResult,
  RulesRequest,
} from './query-engine.js';
import { queryRegionRules } from './region-rules.js';

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
      (answers, warnings) => {
        const byKey = new Map<string, Labels>();
        for (const { group, data } of answers) {
          for (const own of data) {
            const labels = own.with(group.labels);
            byKey.set(labels.key, labels);
          }
        }
        const series = [...byKey.values()].sort((a, b) => Labels.compare(a, b));
        return limited(series, request.query.limit, warnings);
      },
    );
  }

  labelNames(request: MetadataRequest): Promise<MetadataResult<readonly string[]>> {
    return this.#run(
      request,
      (group, query, context) => group.labelNames(query, context),
      (answers, warnings) => {
        const withSeries = answers.filter(({ data }) => data.length > 0);
        const names = new Set(withSeries.flatMap(({ group, data }) => [...data, ...group.labels.names()]));
        return limited([...names].sort(compareStrings), request.query.limit, warnings);
      },
    );
  }

  labelValues(name: string, request: MetadataRequest): Promise<MetadataResult<readonly string[]>> {
    return this.#run(
      request,
      (group, query, context) => labelValuesOf(group, name, query, context),
      (answers, warnings) => {
        const values = new Set(answers.flatMap(({ data }) => data));
        return limited([...values].sort(compareStrings), request.query.limit, warnings);
      },
    );
  }

  metrics(
    metric: string | undefined,
    request: MetadataRequest,
  ): Promise<MetadataResult<ReadonlyMap<string, readonly MetricMetadata[]>>> {
    // Metadata has no times, and its names are not those of series: the series of a histogram have suffixes.
    const query = { ...request.query, selectors: [], startMs: undefined, endMs: undefined };
    return this.#run(
      { ...request, query },
      (group, groupQuery, context) => metricsOf(group, metric, groupQuery, context),
      (answers, warnings) => {
        const all = mergeMetrics(answers.map(({ data }) => data));
        const names = [...all.keys()].sort(compareStrings).slice(0, request.query.limit);
        return { data: new Map(names.map((name) => [name, all.get(name)!])), warnings };
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
    const callsOf = (groups: readonly GroupSnapshot[]): GroupCall<T>[] =>
      groupQueries(request.query, groups).map(({ group, query }) => ({
        group,
        ignoreError: group.ignoreError,
        send: (context) => send(group, query, context),
      }));
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
  const data = [...all.data].filter(([name]) => SUFFIXES.some((suffix) => known.has(name + suffix)));
  return { data: new Map(data), warnings: [...all.warnings, ...names.warnings] };
}

/** Returns the entries of each metric, without duplicates. */
function mergeMetrics(
  answers: readonly ReadonlyMap<string, readonly MetricMetadata[]>[],
): ReadonlyMap<string, readonly MetricMetadata[]> {
  const byMetric = new Map<string, Map<string, MetricMetadata>>();
  for (const answer of answers) {
    for (const [name, entries] of answer) {
      const known = byMetric.get(name) ?? new Map<string, MetricMetadata>();
      for (const entry of entries) known.set(JSON.stringify([entry.type, entry.help, entry.unit]), entry);
      byMetric.set(name, known);
    }
  }
  return new Map([...byMetric].map(([name, entries]) => [name, [...entries.values()]]));
}

/** Returns the request to each group that may have series for one of the selectors. */
function groupQueries(
  query: MetadataQuery,
  groups: readonly GroupSnapshot[],
): { readonly group: GroupSnapshot; readonly query: MetadataQuery }[] {
  const window = { afterMs: (query.startMs ?? -Infinity) - 1, untilMs: query.endMs ?? Infinity };
  const selectors = query.selectors.length === 0 ? [[]] : query.selectors;
  const kept = selectors.map((matchers) => new Set(pruneGroups(matchers, groups, window).groups));
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

function limited<T>(
  all: readonly T[],
  limit: number | undefined,
  warnings: readonly string[],
): MetadataAnswer<readonly T[]> {
  if (limit === undefined || all.length <= limit) return { data: all, warnings };
  return { data: all.slice(0, limit), warnings: [...new Set([...warnings, TRUNCATION_WARNING])] };
}
