// One loaded configuration in operation.

import type { LoadedConfig, ServerGroupSettings } from '../config/index.js';
import { createFederation, type Admission, type Federation, type QueryEngine } from '../federation/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import { startTimer, type Clock } from '../runtime/index.js';
import {
  type Background,
  createServerGroup,
  type ServerGroup,
  type UpstreamObservation,
} from '../upstreams/index.js';
import { detectFirst } from './detect-first.js';
import { HeldTimers } from './held-timers.js';
import { countRequests, OpenRequests } from './open-requests.js';

export interface RuntimeOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly maxSamples: number;
  readonly maxRequests: number;
  /** Shared by all runtimes of the process. Default: memory is not counted. */
  readonly admission?: Admission;
  /** Undefined for the default of each region. */
  readonly lookbackDeltaMs: number | undefined;
  /** False when the regions send raw samples only. */
  readonly pushdown: boolean;
  /** Features of Prometheus that are enabled. */
  readonly features: FeatureSet;
  /** Default: upstream requests are not counted. */
  readonly metrics?: { observe(observation: UpstreamObservation): void };
  /** Default: nothing is learned or refreshed in the background. */
  readonly background?: Background;
  /** Groups beside those of the configuration. Closed with the runtime. */
  readonly extraGroups?: readonly ServerGroup[];
}

/**
 * The server groups of one configuration and the engine over them. A runtime is created, started, answers requests, and
 * is retired when the runtime of another configuration replaces it.
 */
export class Runtime {
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
    const { background, features, extraGroups = [] } = options;
    this.#timers = background && new HeldTimers(background.timers);
    const groups = createGroups(config.settings.serverGroups, options, this.#timers);
    this.#federation = createFederation({
      ...options,
      groups: [...groups, ...extraGroups],
      delaysNames: features.has('promql-delayed-name-removal'),
      defaultStepMs: config.settings.evaluationIntervalMs,
    });
    const engine = background === undefined ? detectFirst(this.#federation, groups) : this.#federation;
    this.engine = countRequests(engine, this.#requests);
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
    let cancel!: () => void;
    const grace = new Promise<void>((resolve) => {
      cancel = startTimer(graceMs, resolve, false);
    });
    await Promise.race([this.#requests.whenIdle(), grace]);
    cancel();
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
