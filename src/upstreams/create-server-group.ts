// A server group over HTTP: its targets are queried by a policy, and their answers become one.

import { setMaxListeners } from 'node:events';

import type { ServerGroupSettings } from '../config/index.js';
import { injectMatchers } from '../model/index.js';
import type { Timers } from '../runtime/index.js';
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
import { METADATA, SERIES, STRINGS, type MetadataKind } from './api/metadata-answer.js';
import { boundsAt } from './group/group-bounds.js';
import { queryGroupMetadata } from './group/metadata-query.js';
import { queryGroup } from './group/query-group.js';
import { queryGroupSamples } from './group/sample-query.js';
import { ALL_TARGETS } from './group/target-policy.js';
import { createCredentials, type Credentials } from './http/credentials.js';
import { Redactor } from './http/redactor.js';
import { Target } from './http/target.js';
import { createGroupFilter } from './learn/group-filter.js';
import { LearnedHistogramNames } from './learn/histogram-names.js';
import { LabelIndex } from './learn/label-index.js';
import { DEFAULT_UPSTREAM_LIMITS, type Background, type UpstreamOptions } from './options.js';
import type { FetchContext, SamplesQuery, ServerGroup } from './server-group.js';

/**
 * Creates a group; no connection is opened before the first request.
 *
 * @throws PromfedError `bad_data` when a target or a header of the settings cannot be sent.
 */
export function createServerGroup(settings: ServerGroupSettings, options: UpstreamOptions): ServerGroup {
  const { clock, background } = options;
  const redactor = new Redactor(settings);
  const credentials = tryCreateCredentials(settings, redactor, background);
  const targets = settings.targets.map((name) => new Target(name, settings, options, credentials));
  const group = {
    name: settings.name,
    targets,
    policy: ALL_TARGETS,
    antiAffinityMs: settings.antiAffinityMs,
    clock,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits },
    allowsLossyHistograms: settings.allowsLossyHistograms,
    redact: (text: string) => redactor.redact(text),
  };
  const metadata = <T>(kind: MetadataKind<T>, call: ApiCall, context: FetchContext) =>
    queryGroupMetadata(group, kind, call, context);

  const { labelFilter } = settings;
  const labelValues: ServerGroup['labelValues'] = (name, query, context) =>
    metadata(STRINGS, labelValuesCall(name, query, context, clock), context);
  const index = background && tryStartIndex(settings, background, labelValues);
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
      : createNames(settings, background, (context) => allMetadata(undefined, undefined, context));

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
      credentials?.stop();
      index?.stop();
      histograms?.stop();
      await Promise.all(targets.map((target) => target.close()));
    },
  };
}

/** A refresh that takes longer fails. */
const REFRESH_TIMEOUT_MS = 30_000;

function tryCreateCredentials(
  { name, httpClient: { authentication } }: ServerGroupSettings,
  redactor: Redactor,
  background: Background | undefined,
): Credentials | undefined {
  if (authentication === undefined) return undefined;
  return createCredentials({ group: name, settings: authentication, redactor, background });
}

/** Undefined when no label is to be learned. */
function tryStartIndex(
  { name, labelFilter, injectMatchers: injected }: ServerGroupSettings,
  { timers, log }: Background,
  labelValues: ServerGroup['labelValues'],
): LabelIndex | undefined {
  if (labelFilter === undefined || labelFilter.dynamicLabels.length === 0) return undefined;
  const selectors = injected === undefined ? [] : [injectMatchers([], injected)];
  return new LabelIndex({
    group: name,
    labels: labelFilter.dynamicLabels,
    syncIntervalMs: labelFilter.syncIntervalMs,
    // Without times, some servers answer for the last day only.
    labelValues: (label, limit, signal) =>
      labelValues(label, { selectors, startMs: 0, endMs: undefined, limit }, refreshContext(signal, timers)),
    timers,
    log,
  });
}

/** The names of native histograms, refreshed in the background where the settings say so. */
function createNames(
  { name, histogramRefreshMs }: ServerGroupSettings,
  background: Background | undefined,
  metadata: (context: FetchContext) => ReturnType<ServerGroup['metadata']>,
): LearnedHistogramNames {
  if (background === undefined || histogramRefreshMs === undefined) return new LearnedHistogramNames();
  const { timers, log } = background;
  return new LearnedHistogramNames({
    group: name,
    metadata: (signal) => metadata(refreshContext(signal, timers)),
    intervalMs: histogramRefreshMs,
    timers,
    log,
  });
}

function refreshContext(signal: AbortSignal, timers: Timers): FetchContext {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(REFRESH_TIMEOUT_MS)]);
  // Each target adds a listener; Node.js would warn of a leak from eleven on.
  setMaxListeners(0, bound);
  return {
    signal: bound,
    deadlineMs: timers.now() + REFRESH_TIMEOUT_MS,
    lookbackDeltaMs: undefined,
  };
}
