// The engine of `rules.restore_from`: a federation of one server group.

import type { RestoreFromSettings, ServerGroupSettings } from '../config/index.js';
import { createFederation, type QueryEngine } from '../federation/index.js';
import { Labels } from '../model/index.js';
import type { Clock } from '../runtime/index.js';
import { createServerGroup } from '../upstreams/index.js';

export interface RestoreEngine {
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

export interface RestoreEngineOptions {
  readonly clock: Clock;
  readonly version: string;
}

/** Upper bound on the samples of one query. */
const MAX_SAMPLES = 50_000_000;

/** Returns undefined when no API is configured. @throws PromfedError `bad_data` when its settings are invalid. */
export function createRestoreEngine(
  settings: RestoreFromSettings | undefined,
  { clock, version }: RestoreEngineOptions,
): RestoreEngine | undefined {
  if (settings === undefined) return undefined;
  const group = createServerGroup(groupSettingsOf(settings), { clock, version });
  const engine = createFederation({
    groups: [group],
    clock,
    maxSamples: MAX_SAMPLES,
    lookbackDeltaMs: undefined,
    defaultStepMs: 60_000,
    delaysNames: false,
    pushdown: true,
  });
  return { engine, close: () => engine.close() };
}

function groupSettingsOf({ url, timeoutMs, headers, httpClient }: RestoreFromSettings): ServerGroupSettings {
  const { protocol, host, port, pathname } = new URL(url);
  const isSecure = protocol === 'https:';
  const address = port === '' ? `${host}:${isSecure ? 443 : 80}` : host;
  return {
    name: 'rules.restore_from',
    labels: Labels.EMPTY,
    scheme: isSecure ? 'https' : 'http',
    targets: [{ address, labels: Labels.EMPTY }],
    pathPrefix: pathname === '/' ? '' : pathname,
    queryParams: [],
    httpHeaders: headers,
    timeoutMs,
    ignoreError: false,
    antiAffinity: undefined,
    semantics: undefined,
    alignsRanges: false,
    remoteRead: 'never',
    remoteReadPath: '/api/v1/read',
    histogramRefreshMs: undefined,
    allowsLossyHistograms: false,
    labelFilter: undefined,
    injectMatchers: undefined,
    timeRange: undefined,
    httpClient,
  };
}
