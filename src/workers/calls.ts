// The functions that the supervisor and its workers call in each other, and the configuration in the form that messages
// can carry.

import type { LoadedConfig } from '../config/index.js';
import { Labels } from '../model/index.js';
import type { AlertmanagersView, RuleGroupView } from '../rules/index.js';
import type { MetricsReport } from '../telemetry/index.js';

/** The response of `/metrics`. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** A request that a worker runs. */
export interface RunningRequest {
  readonly route: string;
  /** Start of the query. */
  readonly query: string;
  readonly startedMs: number;
}

/** The functions of a worker. */
export interface WorkerFunctions {
  /** Resolves when new queries are answered with the given configuration. */
  readonly switchConfig: (config: ClonedConfig) => Promise<void>;
  readonly report: () => Promise<MetricsReport>;
  /** Starts to evaluate the rules. One worker at any time does it. */
  readonly evaluateRules: () => Promise<void>;
  /** Returns the rules that the worker evaluates. */
  readonly ruleGroups: () => Promise<readonly RuleGroupView[]>;
  readonly alertmanagers: () => Promise<AlertmanagersView>;
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
  /** Reports requests that run, and the bytes that all of them hold, in place of the report before. */
  readonly running: (report: {
    readonly requests: readonly RunningRequest[];
    readonly heldBytes: number;
  }) => void;
  /** Loads the configuration again, for all workers. */
  readonly reload: () => Promise<void>;
  /** Returns the rules, from the worker that evaluates them. */
  readonly ruleGroups: () => Promise<readonly RuleGroupView[]>;
  readonly alertmanagers: () => Promise<AlertmanagersView>;
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
  return replace(config, (value) =>
    value instanceof Labels ? { labelPairs: [...value] } : undefined,
  ) as ClonedConfig;
}

/** Returns the configuration of a message, without its warnings: the supervisor has logged them. */
export function fromClone(config: ClonedConfig): LoadedConfig {
  const loaded = replace(config, (value) =>
    'labelPairs' in value ? Labels.of(value.labelPairs as Pairs) : undefined,
  ) as LoadedConfig;
  return { ...loaded, warnings: [] };
}

/** Copies plain data. An object for which `replacement` is defined is replaced by it. */
function replace(data: unknown, replacement: (value: object) => object | undefined): unknown {
  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(copy);
    const replaced = replacement(value);
    if (replaced !== undefined) return replaced;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
  };
  return copy(data);
}
