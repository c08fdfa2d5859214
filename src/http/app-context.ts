// The interface between the HTTP application and the process.

import type { QueryEngine } from '../federation/index.js';
import type { RulesApi } from '../rules/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Clock, Log } from '../runtime/index.js';
import type { Connections } from './clients/connections.js';
import type { ApiRequest } from './routes/route.js';
import type { RunningRequest } from './running-requests.js';

/** Limits of one request, all inclusive. */
export interface RequestLimits {
  /** `--query.max-length`, in UTF-16 code units. */
  readonly maxQueryLength: number;
  /** `--query.max-nodes`. */
  readonly maxNodes: number;
  /** `--query.max-selectors`: the values of `match[]`. */
  readonly maxSelectors: number;
}

/** The process as the routes use it. */
export interface AppContext {
  /**
   * The engine that answers a request: the only way for a route to reach one. A request keeps its engine when the
   * configuration is reloaded.
   */
  engineFor(request: ApiRequest): QueryEngine;
  readonly rules: RulesApi;
  readonly features: FeatureSet;
  readonly limits: RequestLimits;
  readonly clock: Clock;
  /** `--query.timeout`. */
  readonly queryTimeoutMs: number;
  /** promfed's version. */
  readonly version: string;
  /** `--web.enable-lifecycle`. */
  readonly lifecycleEnabled: boolean;
  /** Prefix of all paths: without a trailing slash, empty for the root. */
  readonly routePrefix: string;
  /** Values of all flags, as text. */
  readonly flags: Readonly<Record<string, string>>;
  /** The connections of clients. */
  readonly connections: Connections;
  isReady(): boolean;
  /** Reloads the configuration. Rejects when the new one is invalid; the current one then stays in use. */
  reload(): Promise<void>;
  /** The current configuration as YAML, with masked secrets. */
  configYaml(): string;
  /** The metrics in the text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Called after each response. `route` is the pattern of the route, not the path of the request. */
  onAnswered(route: string, status: number, durationMs: number): void;
  /** Called when the requests to remember change; undefined when no other process logs them. */
  readonly onRunning?: ((running: readonly RunningRequest[]) => void) | undefined;
  readonly log: Log;
}
