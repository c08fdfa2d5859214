// All that lives for one configuration.

import type { LoadedConfig, ServerGroupSettings } from '../config/index.js';
import { createFederation, type Admission, type Federation, type QueryEngine } from '../federation/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Clock } from '../runtime/index.js';
import {
  type Background,
  createServerGroup,
  type ServerGroup,
  type UpstreamObservation,
} from '../upstreams/index.js';
import { HeldTimers } from './held-timers.js';
import { countRequests, OpenRequests } from './open-requests.js';

export interface RuntimeOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly maxSamples: number;
  /** One for the process. When left out, memory is not counted. */
  readonly admission?: Admission;
  /** Undefined leaves it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** When false, regions send raw samples only. */
  readonly pushdown: boolean;
  /** Enabled features of Prometheus. */
  readonly features: FeatureSet;
  /** Default: upstream requests are not counted. */
  readonly metrics?: { observe(observation: UpstreamObservation): void };
  /** Default: nothing is learned or refreshed in the background. */
  readonly background?: Background;
}

/**
 * One configuration in operation. Its life: it is created whole, started, serves requests, and is retired when another
 * one takes its place.
 */
export class Runtime {
  readonly config: LoadedConfig;
  /** Answers requests until `close`. */
  readonly engine: QueryEngine;
  readonly #federation: Federation;
  readonly #timers: HeldTimers | undefined;
  readonly #requests = new OpenRequests();

  /**
   * Opens no connection and starts no background work.
   *
   * @throws PromfedError when a server group cannot be created from its settings.
   */
  constructor(config: LoadedConfig, options: RuntimeOptions) {
    const { background, features } = options;
    this.config = config;
    this.#timers = background && new HeldTimers(background.timers);
    this.#federation = createFederation({
      ...options,
      groups: createGroups(config.settings.serverGroups, options, this.#timers),
      delaysNames: features.has('promql-delayed-name-removal'),
      defaultStepMs: config.settings.evaluationIntervalMs,
    });
    this.engine = countRequests(this.#federation, this.#requests);
  }

  /** Starts the background work. */
  start(): void {
    this.#timers?.start();
  }

  /** Learned label values, by group and label. */
  labelIndex(): ReturnType<Federation['labelIndex']> {
    return this.#federation.labelIndex();
  }

  /** Closes after the last open request, or after `graceMs`. The caller sends no further requests. */
  async retire(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs).unref();
    });
    await Promise.race([this.#requests.whenIdle(), grace]);
    clearTimeout(timer);
    await this.close();
  }

  /** Ends the background work and every connection. Open requests fail. */
  close(): Promise<void> {
    return this.#federation.close();
  }
}

/** Creates all groups. When one fails, those before it are closed. */
function createGroups(
  settings: readonly ServerGroupSettings[],
  { clock, version, metrics, background }: RuntimeOptions,
  timers: HeldTimers | undefined,
): ServerGroup[] {
  const options = {
    clock,
    version,
    ...(metrics && { metrics }),
    ...(background && timers && { background: { ...background, timers } }),
  };
  const created: ServerGroup[] = [];
  try {
    for (const group of settings) created.push(createServerGroup(group, options));
    return created;
  } catch (error) {
    for (const group of created) group.close().catch(() => undefined); // no connection is open yet
    throw error;
  }
}
