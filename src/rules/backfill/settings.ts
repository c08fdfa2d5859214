// The settings and ports of a backfill.

import type { RemoteWriteSettings, RuleGroupSettings, RulesSettings } from '../../config/index.js';
import type { QueryEngine } from '../../federation/index.js';
import type { Labels, StopSignal } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { Timers } from '../../runtime/index.js';
import type { HttpClient, HttpClientOptions, ServerGroup } from '../../upstreams/index.js';

/** An engine, and the end of its connections. */
export interface OpenEngine {
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

/** Results of rules in memory, in place of the series with these names in the regions. */
export interface ResultsInMemory {
  readonly names: readonly string[];
  readonly group: ServerGroup;
}

/** Times as they were given, and in milliseconds since the epoch, both inclusive. */
export interface BackfillTimes {
  readonly start: string;
  readonly end: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface BackfillOptions {
  /** All rules of the files. Alerting rules are skipped. */
  readonly groups: readonly RuleGroupSettings[];
  /** Names of the recording rules to evaluate; empty for all. */
  readonly ruleNames: readonly string[];
  readonly times: BackfillTimes;
  /** `write` to write partial results, `fail` to stop at the first one. */
  readonly partial: 'fail' | 'write';
  /** Default step of subqueries, milliseconds. */
  readonly defaultStepMs: number;
  /** Undefined for the default of each region. */
  readonly lookbackDeltaMs: number | undefined;
  readonly queryTimeoutMs: number;
  readonly features: FeatureSet;
  /** `rules.chained_results`. */
  readonly chainedResults: RulesSettings['chainedResults'];
  readonly externalLabels: Labels;
  readonly remoteWrite: readonly RemoteWriteSettings[];
  readonly version: string;
  readonly timers: Timers;
  /** Opens the server groups of the configuration, with results of rules if any. The caller closes it. */
  readonly openEngine: (results: ResultsInMemory | undefined) => OpenEngine;
  /** Opens what the receivers store: a region, or the API in `rules.restore_from`. The caller closes it. */
  readonly openStored: () => OpenEngine;
  /** Default: HTTP. */
  readonly createClient?: (options: HttpClientOptions) => HttpClient;
  /** Path of the state file. */
  readonly resumeFile: string;
  readonly observer: BackfillObserver;
  /** Delays before an evaluation is repeated when a region does not answer. Default 1, 2, 4 and 8 seconds. */
  readonly retryDelaysMs?: readonly number[];
  /** Stops the backfill after the rule in progress. */
  readonly signal: StopSignal;
}

/** Position of a rule and a chunk. */
export interface ChunkPosition {
  readonly group: string;
  readonly rule: string;
  /** Starts at 1. */
  readonly chunk: number;
  /** An estimate: the size of chunks depends on the number of series. */
  readonly chunks: number;
  /** First and last time of the samples of the chunk. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface BackfillProgress extends ChunkPosition {
  /** Number of samples of all rules that this run has written. */
  readonly samples: number;
  /** Share of the work that is done, from 0 to 1. */
  readonly done: number;
  /** Share of the work that was done before this run. */
  readonly doneBefore: number;
}

/** Methods do not throw. */
export interface BackfillObserver {
  /** The samples of a rule and a chunk are confirmed by all receivers. */
  progress(progress: BackfillProgress): void;
  /** Something that the user should know, once. */
  note(text: string): void;
}

export interface BackfillResult {
  /** True when the state file describes a finished backfill: nothing was done. */
  readonly wasFinished: boolean;
  /** Number of samples that were written, those of earlier runs included. */
  readonly samples: number;
  /** Number of recording rules. */
  readonly rules: number;
}
