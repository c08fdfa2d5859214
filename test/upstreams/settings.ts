// Settings and contexts of server groups for the tests of this folder.

import type { AuthenticationSettings, ServerGroupSettings } from '../../src/config/index.js';
import { Labels } from '../../src/model/index.js';
import { systemClock } from '../../src/runtime/index.js';
import { createServerGroup, type FetchContext, type GroupSnapshot } from '../../src/upstreams/index.js';

export interface GroupOverrides extends Partial<Omit<ServerGroupSettings, 'httpClient'>> {
  readonly httpClient?: Partial<ServerGroupSettings['httpClient']>;
}

export function groupSettings(
  targets: readonly string[],
  overrides: GroupOverrides = {},
): ServerGroupSettings {
  const { httpClient, ...rest } = overrides;
  return {
    name: 'eu',
    labels: Labels.from({ region: 'eu' }),
    injectMatchers: undefined,
    scheme: 'http',
    targets: targets.map((address) => ({ address, labels: Labels.EMPTY })),
    pathPrefix: '',
    queryParams: [],
    httpHeaders: [],
    timeoutMs: undefined,
    ignoreError: false,
    antiAffinity: undefined,
    semantics: undefined,
    alignsRanges: false,
    remoteRead: 'never',
    remoteReadPath: '/api/v1/read',
    histogramRefreshMs: undefined,
    allowsLossyHistograms: false,
    labelFilter: undefined,
    timeRange: undefined,
    httpClient: {
      dialTimeoutMs: 1000,
      authentication: undefined,
      tls: {
        ca: undefined,
        cert: undefined,
        key: undefined,
        serverName: undefined,
        insecureSkipVerify: false,
        minVersion: undefined,
        maxVersion: undefined,
      },
      ...httpClient,
    },
    ...rest,
  };
}

/** A snapshot of a group, and the end of the group. */
export interface OpenGroup extends GroupSnapshot {
  close(): Promise<void>;
}

/** Creates a group whose targets have equal labels. */
export function openGroup(
  settings: ServerGroupSettings,
  options: Parameters<typeof createServerGroup>[1],
): OpenGroup {
  const group = createServerGroup(settings, options);
  const [snapshot] = group.snapshots(options.clock.now(), true);
  return Object.assign(snapshot!, { close: () => group.close() });
}

/** @param file the file that holds the token; undefined for the configuration itself. */
export function bearer(token: string, file?: string): AuthenticationSettings {
  return { kind: 'token', scheme: 'Bearer', credentials: { value: token, file } };
}

export function basicAuth(username: string, password: string): AuthenticationSettings {
  return {
    kind: 'basic',
    username: { value: username, file: undefined },
    password: { value: password, file: undefined },
  };
}

/** A context that ends after `withinMs`, so that no test hangs. */
export function fetchContext(overrides: Partial<FetchContext> = {}, withinMs = 100_000): FetchContext {
  return {
    signal: AbortSignal.timeout(withinMs),
    deadlineMs: systemClock.now() + withinMs,
    lookbackDeltaMs: undefined,
    ...overrides,
  };
}

/** A range answer of one series a name, as an upstream sends it. */
export function matrix(...names: string[]): unknown {
  return {
    status: 'success',
    data: {
      resultType: 'matrix',
      result: names.map((name) => ({
        metric: { __name__: name },
        values: [
          [100, '1'],
          [110, '2'],
        ],
      })),
    },
  };
}

export function success(data: unknown): unknown {
  return { status: 'success', data };
}
