// What the process that supervises and its workers ask of each other.

import type { LoadedConfig } from '../config/index.js';
import { Labels } from '../model/index.js';
import type { MetricsReport } from '../telemetry/index.js';

/** What `/metrics` answers with. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** What a worker is asked. */
export interface WorkerCalls {
  /** Answers queries by another configuration from now on. */
  readonly switch: { readonly argument: ClonedConfig; readonly result: undefined };
  readonly report: { readonly argument: undefined; readonly result: MetricsReport };
  /** Answers what was asked, then ends. */
  readonly stop: { readonly argument: undefined; readonly result: undefined };
}

/** What a worker asks. `Options`: what a server needs beside its configuration, as can be cloned. */
export interface SupervisorCalls<Options> {
  readonly begin: {
    readonly argument: undefined;
    readonly result: { readonly options: Options; readonly config: ClonedConfig };
  };
  /** The worker listens; the argument is the address. */
  readonly ready: { readonly argument: string; readonly result: undefined };
  /** The worker cannot serve, and ends; the argument says why. */
  readonly failed: { readonly argument: string; readonly result: undefined };
  /** Loads the configuration anew, for all workers. */
  readonly reload: { readonly argument: undefined; readonly result: undefined };
  /** The metrics of all workers together. */
  readonly metrics: { readonly argument: undefined; readonly result: MetricsText };
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A type of which every `Labels` became its pairs, sorted, which is what a clone in another process can be. */
type Cloned<T> = T extends Labels
  ? { readonly labelPairs: Pairs }
  : T extends object
    ? { readonly [Key in keyof T]: Cloned<T[Key]> }
    : T;

export type ClonedConfig = Cloned<LoadedConfig>;

/** A configuration as a message can carry it. */
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

/** The configuration again. Its warnings are left out: they were told where it was loaded. */
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
