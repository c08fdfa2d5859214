// A server group over HTTP: its targets asked at once, their answers made one.

import { setMaxListeners } from 'node:events';

import type { ServerGroupSettings } from '../config/index.js';
import { injectMatchers } from '../model/index.js';
import {
  labelNamesCall,
  labelValuesCall,
  metadataCall,
  queryCall,
  readCall,
  samplesCall,
  seriesCall,
  type ApiCall,
} from './api/api-call.js';
import { queryGroupMetadata } from './group/metadata-query.js';
import { queryGroup } from './group/query-group.js';
import { queryGroupSamples } from './group/sample-query.js';
import { boundsAt } from './group/group-bounds.js';
import { createGroupFilter } from './learn/group-filter.js';
import { createRedactor } from './http/sanitize.js';
import { createHistogramNames, type LearnedHistogramNames } from './learn/histogram-names.js';
import { startLabelIndex, type IndexTimers, type LabelIndex } from './learn/label-index.js';
import { METADATA, SERIES, STRINGS, type MetadataKind } from './api/metadata-answer.js';
import { DEFAULT_UPSTREAM_LIMITS, type Learning, type UpstreamOptions } from './options.js';
import type { FetchContext, SamplesQuery, ServerGroup } from './server-group.js';
import { createTarget } from './http/target.js';

/**
 * Creates a group; no connection is opened before the first request.
 *
 * @throws PromfedError `bad_data` when a target or a header of the settings cannot be sent.
 */
export function createServerGroup(settings: ServerGroupSettings, options: UpstreamOptions): ServerGroup {
  const { clock } = options;
  const limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
  const targets = settings.targets.map((target) => createTarget(target, settings, options));
  const group = {
    name: settings.name,
    targets,
    antiAffinityMs: settings.antiAffinityMs,
    clock,
    limits,
    allowsLossyHistograms: settings.allowsLossyHistograms,
    redact: createRedactor(settings),
  };
  const metadata = <T>(kind: MetadataKind<T>, call: ApiCall, context: FetchContext) =>
    queryGroupMetadata(group, kind, call, context);

  const { labelFilter } = settings;
  const labelValues: ServerGroup['labelValues'] = (name, query, context) =>
    metadata(STRINGS, labelValuesCall(name, query, context, clock), context);
  const index = options.learning && tryStartIndex(settings, options.learning, labelValues);
  const declared = labelFilter && createGroupFilter(labelFilter, undefined);
  const learned = labelFilter && createGroupFilter(labelFilter, index);

  const { remoteReadPath } = settings;
  const sourceOf = (query: SamplesQuery, context: FetchContext): ApiCall =>
    remoteReadPath === undefined ? samplesCall(query, context, clock) : readCall(query, remoteReadPath);

  const allMetadata: ServerGroup['metadata'] = (metric, limit, context) =>
    metadata(METADATA, metadataCall(metric, limit, context, clock), context);
  const histograms =
    remoteReadPath === undefined
      ? undefined
      : createNames(settings, options.learning, (context) => allMetadata(undefined, undefined, context));

  return {
    name: settings.name,
    labels: settings.labels,
    ignoreError: settings.ignoreError,
    semantics: settings.semantics,
    alignsRanges: settings.alignsRanges,
    replicated: targets.length > 1,
    inject: settings.injectMatchers,
    filter: (isLearned) => (isLearned ? learned : declared),
    labelIndex: () => index?.status() ?? [],
    boundsAt: (nowMs) => boundsAt(settings.timeRange, nowMs),
    query: (query, context) => queryGroup(group, query.kind, queryCall(query, context, clock), context),
    samples: (query, context) => queryGroupSamples(group, query, sourceOf(query, context), context),
    series: (query, context) => metadata(SERIES, seriesCall(query, context, clock), context),
    labelNames: (query, context) => metadata(STRINGS, labelNamesCall(query, context, clock), context),
    labelValues,
    metadata: allMetadata,
    histograms,
    allowsLossyHistograms: settings.allowsLossyHistograms,
    async close() {
      index?.stop();
      histograms?.stop();
      await Promise.all(targets.map((target) => target.close()));
    },
  };
}

/** A refresh that takes longer has failed. */
const REFRESH_TIMEOUT_MS = 30_000;

/** Undefined when no label is to be learned. */
function tryStartIndex(
  { name, labelFilter, injectMatchers: injected }: ServerGroupSettings,
  { timers, tell }: Learning,
  labelValues: ServerGroup['labelValues'],
): LabelIndex | undefined {
  if (labelFilter === undefined || labelFilter.dynamicLabels.length === 0) return undefined;
  const selectors = injected === undefined ? [] : [injectMatchers([], injected)];
  return startLabelIndex({
    group: name,
    labels: labelFilter.dynamicLabels,
    syncIntervalMs: labelFilter.syncIntervalMs,
    // Without times, some servers answer for the last day only.
    ask: (label, limit, signal) =>
      labelValues(label, { selectors, startMs: 0, endMs: undefined, limit }, refreshContext(signal, timers)),
    timers,
    tell,
  });
}

/** The names of native histograms; without anything to learn with, those that answers tell of. */
function createNames(
  { name, histogramRefreshMs }: ServerGroupSettings,
  learning: Learning | undefined,
  ask: (context: FetchContext) => ReturnType<ServerGroup['metadata']>,
): LearnedHistogramNames {
  if (learning === undefined || histogramRefreshMs === undefined) return createHistogramNames();
  const { timers, tell } = learning;
  return createHistogramNames({
    group: name,
    ask: (signal) => ask(refreshContext(signal, timers)),
    intervalMs: histogramRefreshMs,
    timers,
    tell,
  });
}

function refreshContext(signal: AbortSignal, timers: IndexTimers): FetchContext {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(REFRESH_TIMEOUT_MS)]);
  // One listener a target is right however many targets there are: Node's guess of a leak is not.
  setMaxListeners(0, bound);
  return {
    signal: bound,
    deadlineMs: timers.now() + REFRESH_TIMEOUT_MS,
    lookbackDeltaMs: undefined,
  };
}
