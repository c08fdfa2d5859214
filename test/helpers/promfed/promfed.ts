// Starts promfed inside the test's process, on a free port, with a configuration as YAML.

import { parseConfig } from '../../../src/config/index.js';
import type { Explanation } from '../../../src/federation/index.js';
import type { ClientLimits } from '../../../src/http/index.js';
import { systemClock, type Clock, type MemoryLimits } from '../../../src/runtime/index.js';
import { startServer, type Server } from '../../../src/server/index.js';
import { createLog } from '../../../src/telemetry/index.js';
import type { Teardown } from '../real-servers/server-process.js';
import { REQUEST_LIMITS } from '../parameters/request-limits.js';
import { ALL_FEATURES } from '../promql/all-features.js';
import { until } from '../until.js';

export interface PromfedOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Default 30 s. */
  readonly queryTimeoutMs?: number;
  /** Default 50 million. */
  readonly maxSamples?: number;
  /** Default: a budget of 512 MiB, half of it for one query. */
  readonly memory?: MemoryLimits;
  /** Default: no limit. */
  readonly maxConcurrency?: number;
  /** Enables the feature promql-delayed-name-removal. All other features are enabled. Default false. */
  readonly delaysNames?: boolean;
  /** Default true. */
  readonly pushdown?: boolean;
  readonly clientLimits?: Partial<ClientLimits>;
  readonly routePrefix?: string;
  readonly lifecycleEnabled?: boolean;
  /** Called with each line of the log. */
  readonly onLog?: (line: string) => void;
}

/** @param yaml the configuration, or a function that returns it at the start and at each reload. */
export async function startPromfed(
  t: Teardown,
  yaml: string | (() => string),
  options: PromfedOptions = {},
): Promise<Server> {
  const server = await startServer({
    bindAddr: { host: options.host ?? '127.0.0.1', port: 0 },
    routePrefix: options.routePrefix ?? '',
    lifecycleEnabled: options.lifecycleEnabled ?? true,
    queryTimeoutMs: options.queryTimeoutMs ?? 30_000,
    maxSamples: options.maxSamples ?? 50_000_000,
    maxRequests: 5000,
    limits: REQUEST_LIMITS,
    // The process holds the regions and the clients of the test as well: their garbage must not be collected in it.
    memory: { limitBytes: 2 ** 40, ...(options.memory ?? { budgetBytes: 2 ** 29, perQueryBytes: 2 ** 28 }) },
    ...(options.clientLimits && { clientLimits: options.clientLimits }),
    maxConcurrency: options.maxConcurrency,
    lookbackDeltaMs: undefined,
    pushdown: options.pushdown ?? true,
    features: new Set(
      [...ALL_FEATURES].filter(
        (name) => options.delaysNames === true || name !== 'promql-delayed-name-removal',
      ),
    ),
    rules: {
      resendDelayMs: 60_000,
      forOutageToleranceMs: 3_600_000,
      forGracePeriodMs: 600_000,
      alertBackfill: false,
      notificationQueueCapacity: 10_000,
      storagePath: undefined,
      externalUrl: 'http://promfed.test',
      hostname: 'promfed.test',
      cluster: undefined,
    },
    flags: { 'query.timeout': '30s' },
    loadConfig: async () => parseConfig(typeof yaml === 'string' ? yaml : yaml(), 'test.yaml'),
    clock: options.clock ?? systemClock,
    version: '0.0.0-test',
    log: createLog('debug', 'json', options.onLog ?? (() => undefined)),
  });
  t.teardown(() => server.stop());
  return server;
}

/** An answer of the HTTP API. */
export interface ApiAnswer<Data = unknown> {
  readonly httpStatus: number;
  readonly status: 'success' | 'error';
  readonly data?: Data;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export interface QueryData {
  readonly resultType: 'vector' | 'matrix' | 'scalar' | 'string';
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly value?: readonly [timeS: number, value: string];
    readonly values?: readonly (readonly [timeS: number, value: string])[];
  }[];
}

/** Sends a GET request for an API path below the server's URL. A parameter with a list is repeated. */
export async function api<Data = QueryData>(
  baseUrl: string,
  path: string,
  parameters: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<ApiAnswer<Data>> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : value) query.append(name, one);
  }
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}${path}?${query.toString()}`);
  return { httpStatus: response.status, ...((await response.json()) as Omit<ApiAnswer<Data>, 'httpStatus'>) };
}

/** Resolves when promfed has detected the properties of all targets. */
export function untilDetected(baseUrl: string): Promise<void> {
  return until(async () => {
    const { data } = await api<Explanation>(baseUrl, '/api/v1/explain', { query: 'x', time: '0' });
    return data!.groups.every(({ rawSamples }) => !rawSamples.includes('not detected yet'));
  }, 'the detection of all targets');
}
