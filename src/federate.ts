// A federation out of a configuration: what the server and the command line share.

import type { LoadedConfig, ServerGroupSettings } from './config/index.js';
import { createFederation, type Admission, type Federation } from './federation/index.js';
import type { FeatureSet } from './promql/language/index.js';
import type { Clock } from './runtime/index.js';
import {
  type Background,
  createServerGroup,
  type ServerGroup,
  type UpstreamObservation,
} from './upstreams/index.js';

export interface FederateOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly maxSamples: number;
  /** One for the process; left out, memory is not counted. */
  readonly admission?: Admission;
  /** Undefined to leave it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** False to have the regions send raw samples only. */
  readonly pushdown: boolean;
  /** Prometheus' features that are switched on. */
  readonly features: FeatureSet;
  /** Left out: nothing is counted. */
  readonly metrics?: { observe(observation: UpstreamObservation): void };
  /** Left out: nothing is done in the background. */
  readonly background?: Background;
}

/**
 * The server groups of a configuration as one federation, which the caller closes.
 *
 * @throws PromfedError when a group cannot be created from its settings.
 */
export function federate({ settings }: LoadedConfig, options: FederateOptions): Federation {
  const { clock, version, metrics, background, maxSamples, admission, lookbackDeltaMs, pushdown, features } =
    options;
  const upstream = {
    clock,
    version,
    ...(metrics === undefined ? {} : { metrics }),
    ...(background === undefined ? {} : { background }),
  };
  return createFederation({
    groups: createAll(settings.serverGroups, (group) => createServerGroup(group, upstream)),
    clock,
    maxSamples,
    admission,
    lookbackDeltaMs,
    pushdown,
    delaysNames: features.has('promql-delayed-name-removal'),
    defaultStepMs: settings.evaluationIntervalMs,
  });
}

/** Creates a group for each of the settings; when one cannot be created those before it are closed again. */
function createAll(
  settings: readonly ServerGroupSettings[],
  create: (settings: ServerGroupSettings) => ServerGroup,
): ServerGroup[] {
  const created: ServerGroup[] = [];
  try {
    for (const one of settings) created.push(create(one));
    return created;
  } catch (error) {
    for (const group of created) group.close().catch(() => undefined); // it has no connection yet
    throw error;
  }
}
