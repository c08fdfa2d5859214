// The functions that the supervisor and its workers call of each other, and the configuration as a message carries it.

import type { LoadedConfig } from '../config/index.js';
import { Labels } from '../model/index.js';
import type { MetricsReport } from '../telemetry/index.js';

/** The response of `/metrics`. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** The functions of a worker. */
export interface WorkerFunctions {
  /** Resolves when queries are answered by the given configuration. */
  readonly switchConfig: (config: ClonedConfig) => Promise<void>;
  readonly report: () => Promise<MetricsReport>;
  /** Answers the requests that have arrived, then ends the process. */
  readonly stop: () => Promise<void>;
}

/** The functions of the supervisor. `Options` are the options of a server besides its configuration, cloneable. */
export interface SupervisorFunctions<Options> {
  readonly begin: () => { readonly options: Options; readonly config: ClonedConfig };
  /** The worker listens at the address. */
  readonly ready: (url: string) => void;
  /** The worker cannot serve, for the given reason, and ends. */
  readonly failed: (reason: string) => void;
  /** Loads the configuration again, for all workers. */
  readonly reload: () => Promise<void>;
  /** The metrics of all workers together. */
  readonly metrics: () => Promise<MetricsText>;
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A type with the sorted pairs of each `Labels` in its place, as a structured clone needs them. */
type Cloned<T> = T extends Labels
  ? { readonly labelPairs: Pairs }
  : T extends object
    ? { readonly [Key in keyof T]: Cloned<T[Key]> }
    : T;

export type ClonedConfig = Cloned<LoadedConfig>;

/** Returns a configuration that a message can carry. */
export function cloneable(config: LoadedConfig): ClonedConfig {
  const { settings } = config;
  return {
    ...config,
    settings: {
      ...settings,
      externalLabels: pairsOf(settings.externalLabels),
      serverGroups: settings.serverGroups.map((group) => ({
        ...group,
        labels: pairsOf(group.labels),
        targets: group.targets.map((target) => ({ ...target, labels: pairsOf(target.labels) })),
      })),
    },
  };
}

function pairsOf(labels: Labels): { readonly labelPairs: Pairs } {
  return { labelPairs: [...labels] };
}

/** Returns the configuration of a message, without its warnings: the supervisor has logged them. */
export function fromClone(config: ClonedConfig): LoadedConfig {
  const { settings } = config;
  return {
    ...config,
    warnings: [],
    settings: {
      ...settings,
      externalLabels: Labels.of(settings.externalLabels.labelPairs),
      serverGroups: settings.serverGroups.map((group) => ({
        ...group,
        labels: Labels.of(group.labels.labelPairs),
        targets: group.targets.map((target) => ({ ...target, labels: Labels.of(target.labels.labelPairs) })),
      })),
    },
  };
}
