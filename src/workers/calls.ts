// The functions that the supervisor and its workers call in each other, and the configuration in the form that messages
// can carry.

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
  /** Resolves when new queries are answered with the given configuration. */
  readonly switchConfig: (config: ClonedConfig) => Promise<void>;
  readonly report: () => Promise<MetricsReport>;
  /** Answers the requests that have arrived, then ends the process. */
  readonly stop: () => Promise<void>;
}

/** The functions of the supervisor. `Options` are the options of a server besides its configuration; they can be cloned. */
export interface SupervisorFunctions<Options> {
  /** Returns what a new worker starts with. */
  readonly begin: () => { readonly options: Options; readonly config: ClonedConfig };
  /** Reports that the worker accepts requests at the URL. */
  readonly ready: (url: string) => void;
  /** Reports that the worker cannot serve, and exits. */
  readonly failed: (reason: string) => void;
  /** Loads the configuration again, for all workers. */
  readonly reload: () => Promise<void>;
  /** Returns the metrics of all workers. */
  readonly metrics: () => Promise<MetricsText>;
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A type in which each `Labels` is replaced by its pairs, because a structured clone keeps no classes. */
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
