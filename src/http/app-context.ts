// What the HTTP side needs of the program around it.

import type { QueryEngine } from '../federation/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Clock } from '../runtime/index.js';
import type { ApiRequest } from './routes/route.js';

/** What is written to the log: a port that pino satisfies. */
export interface Log {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** What the routes need of the program around them. */
export interface AppContext {
  /**
   * The engine that answers a request: the only way for a route to reach one. A request keeps its engine when the
   * configuration is reloaded.
   */
  engineFor(request: ApiRequest): QueryEngine;
  readonly features: FeatureSet;
  readonly clock: Clock;
  /** `--query.timeout`, in milliseconds. */
  readonly queryTimeoutMs: number;
  readonly version: string;
  /** `--web.enable-lifecycle`. */
  readonly lifecycleEnabled: boolean;
  /** The path under which everything is served, without a slash at its end; empty for the root. */
  readonly routePrefix: string;
  /** Every flag with its value, as text. */
  readonly flags: Readonly<Record<string, string>>;
  isReady(): boolean;
  /** Loads the configuration anew. Throws, and keeps the old one, when it is not valid. */
  reload(): Promise<void>;
  /** The running configuration, secrets masked. */
  configYaml(): string;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Called when a request was answered. `route` is the route's pattern, not the path that was asked. */
  onAnswered(route: string, status: number, durationMs: number): void;
  readonly log: Log;
}
