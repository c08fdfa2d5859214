// Metadata over all groups: label names, label values, series and metric metadata, as one Prometheus would answer.

import { Annotations, compareStrings, Labels, METRIC_NAME, TRUNCATION_WARNING } from '../model/index.js';
import { matchersForGroup, pruneGroups } from '../promql/plan/index.js';
import { UNCOUNTED_MEMORY, type Clock, type MemoryAccount } from '../runtime/index.js';
import type {
  FetchContext,
  GroupSnapshot,
  MetadataAnswer,
  MetadataQuery,
  MetricMetadata,
  ServerGroup,
} from '../upstreams/index.js';
import type { Admission } from './admission.js';
import { createDeadline } from './deadline.js';
import { allOrNothing, queryGroup, type FanOutContext } from './fan-out.js';
import { snapshotGroups } from './group-snapshot.js';
import type { Metadata, MetadataRequest, MetadataResult } from './query-engine.js';

/** A request that was admitted. */
interface AdmittedRequest extends MetadataRequest {
  readonly memory?: MemoryAccount | undefined;
}

/** @param admission left out, all requests run at once and memory is not counted. */
export function createMetadata(
  groups: readonly ServerGroup[],
  clock: Clock,
  admission: Admission | undefined,
): Metadata {
  const open = createOpenMetadata(groups, clock);
  if (admission === undefined) return open;
  const withTurn = async <T>(
    request: MetadataRequest,
    ask: (request: AdmittedRequest) => Promise<MetadataAnswer<T>>,
  ): Promise<MetadataResult<T>> => {
    const admitted = await admission.admit(request.signal, request.timeoutMs);
    const release = (): void => {
      admitted.release();
    };
    try {
      return { ...(await ask({ ...request, memory: admitted.memory })), release };
    } catch (thrown) {
      release();
      throw thrown;
    }
  };
  return {
    series: (request) => withTurn(request, (one) => open.series(one)),
    labelNames: (request) => withTurn(request, (one) => open.labelNames(one)),
    labelValues: (name, request) => withTurn(request, (one) => open.labelValues(name, one)),
    metrics: (metric, request) => withTurn(request, (one) => open.metrics(metric, one)),
  };
}

function createOpenMetadata(groups: readonly ServerGroup[], clock: Clock) {
  /** Asks each relevant group, with the selectors as that group knows them. */
  const askAll = async <T>(
    request: AdmittedRequest,
    ask: (group: GroupSnapshot, query: MetadataQuery, context: FetchContext) => Promise<MetadataAnswer<T>>,
  ): Promise<MetadataAnswer<readonly { readonly group: GroupSnapshot; readonly data: T }[]>> => {
    const annotations = new Annotations();
    const deadline = createDeadline(request.signal, request.timeoutMs, clock);
    const { memory = UNCOUNTED_MEMORY } = request;
    const context: FanOutContext = { deadline, annotations, lookbackDeltaMs: undefined, memory };
    try {
      const seen = snapshotGroups(groups, clock.now(), request.routing);
      const queries = queriesFor(request.query, seen);
      const data = await allOrNothing(queries, deadline, async ({ group, query }) => {
        const answer = await queryGroup(group, context, (fetchContext) => ask(group, query, fetchContext));
        if (answer === undefined) return undefined;
        for (const text of answer.warnings) annotations.notice(text);
        return { group, data: answer.data };
      });
      return { data, warnings: annotations.warnings };
    } finally {
      deadline.release();
    }
  };

  return {
    async series(request: AdmittedRequest): Promise<MetadataAnswer<readonly Labels[]>> {
      const { data, warnings } = await askAll(request, (group, query, context) =>
        group.series(query, context),
      );
      const byKey = new Map<string, Labels>();
      for (const { group, data: sets } of data) {
        for (const set of sets) {
          const labels = set.with(group.labels);
          byKey.set(labels.key, labels);
        }
      }
      const sets = [...byKey.values()].sort((a, b) => Labels.compare(a, b));
      return limited(sets, request.query.limit, warnings);
    },

    async labelNames(request: AdmittedRequest): Promise<MetadataAnswer<readonly string[]>> {
      const { data, warnings } = await askAll(request, (group, query, context) =>
        group.labelNames(query, context),
      );
      const names = new Set<string>();
      for (const { group, data: own } of data) {
        if (own.length === 0) continue;
        for (const name of own) names.add(name);
        for (const name of group.labels.names()) names.add(name);
      }
      return limited([...names].sort(compareStrings), request.query.limit, warnings);
    },

    async labelValues(name: string, request: AdmittedRequest): Promise<MetadataAnswer<readonly string[]>> {
      const { data, warnings } = await askAll(request, async (group, query, context) => {
        const own = group.labels.get(name);
        if (own === '') return group.labelValues(name, query, context);
        // The group sets this label on all it has: the value is there when there is anything at all.
        const answer = await group.labelNames({ ...query, limit: 1 }, context);
        const warnings = answer.warnings.filter((text) => text !== TRUNCATION_WARNING);
        return { data: answer.data.length > 0 ? [own] : [], warnings };
      });
      const values = new Set(data.flatMap(({ data: own }) => own));
      return limited([...values].sort(compareStrings), request.query.limit, warnings);
    },

    async metrics(
      metric: string | undefined,
      request: AdmittedRequest,
    ): Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>> {
      // The names of metrics say little of the series' (those of a histogram have others), and metadata has no times.
      const query = { ...request.query, selectors: [], startMs: undefined, endMs: undefined };
      const { data, warnings } = await askAll({ ...request, query }, (group, query, context) =>
        metadataInScope(group, metric, query, context),
      );
      const byMetric = new Map<string, Map<string, MetricMetadata>>();
      for (const { data: own } of data) {
        for (const [name, entries] of own) {
          const known = byMetric.get(name) ?? new Map<string, MetricMetadata>();
          for (const entry of entries) known.set(JSON.stringify([entry.type, entry.help, entry.unit]), entry);
          byMetric.set(name, known);
        }
      }
      const names = [...byMetric.keys()].sort(compareStrings).slice(0, request.query.limit);
      return { data: new Map(names.map((name) => [name, [...byMetric.get(name)!.values()]])), warnings };
    },
  };
}

/**
 * What a group has of metric metadata. It takes no selectors: of a group with injected matchers what counts is what the
 * names of its series speak of.
 */
async function metadataInScope(
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

/** What names of series have behind the name that their metadata has, in either format. */
const SUFFIXES = ['', '_bucket', '_sum', '_count', '_gsum', '_gcount', '_total', '_created', '_info'];

/** The request as each group is sent it, without groups that have nothing for any of its selectors. */
function queriesFor(
  query: MetadataQuery,
  groups: readonly GroupSnapshot[],
): { readonly group: GroupSnapshot; readonly query: MetadataQuery }[] {
  const window = { afterMs: (query.startMs ?? -Infinity) - 1, untilMs: query.endMs ?? Infinity };
  const selectors = query.selectors.length === 0 ? [[]] : query.selectors;
  const pruned = selectors.map((matchers) => new Set(pruneGroups(matchers, groups, window).groups));
  return groups.flatMap((seen) => {
    const asked = selectors.filter((_, i) => pruned[i]!.has(seen));
    if (asked.length === 0) return [];
    const isOpen = query.selectors.length === 0 && seen.inject === undefined;
    const own = isOpen ? [] : asked.map((matchers) => matchersForGroup(matchers, seen));
    return [{ group: seen, query: { ...cutQuery(query, seen), selectors: own } }];
  });
}

/** The times of a request to a group whose time range truncates. */
function cutQuery(query: MetadataQuery, { bounds }: GroupSnapshot): MetadataQuery {
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
