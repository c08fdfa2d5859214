// The settings of rules and of their evaluation: checked, with defaults. Plain data, so that they can be cloned.

import type { HttpClientSettings } from '../http/http-client-settings.js';
import type { ElectionSettings } from './election-settings.js';

/** How a group is evaluated when regions do not answer. */
export type PartialResponseStrategy = 'abort' | 'warn' | 'hold';

/** Where rules read the results of recording rules of their own group. */
export type ChainedResultsSource = 'memory' | 'regions';

/** One group of a rule file. */
export interface RuleGroupSettings {
  /** Unique within the file only. */
  readonly name: string;
  /** Path of the file: the pattern of `rule_files`, joined to the directory of the configuration file, expanded. */
  readonly file: string;
  /** `interval`, or else `global.evaluation_interval`. Positive. */
  readonly intervalMs: number;
  /** Maximum number of series or alerts of each rule; 0 for no limit. */
  readonly limit: number;
  /** `query_offset`, or else `global.rule_query_offset`. */
  readonly queryOffsetMs: number;
  /** `partial_response_strategy`, or else `rules.partial_response_strategy`. Undefined when neither is set. */
  readonly partialResponse: PartialResponseStrategy | undefined;
  /** In the order of the file. The labels of the group are merged below those of each rule. */
  readonly rules: readonly RuleSettings[];
}

export type RuleSettings = RecordingRuleSettings | AlertingRuleSettings;

type Pairs<Value extends string> = readonly (readonly [name: string, value: Value])[];

export interface RecordingRuleSettings {
  readonly kind: 'recording';
  readonly name: string;
  /** A valid expression: the text of the file. */
  readonly expr: string;
  /** Sorted by name. An empty value removes the label from the result. */
  readonly labels: Pairs<string>;
}

export interface AlertingRuleSettings {
  readonly kind: 'alerting';
  readonly name: string;
  /** A valid expression: the text of the file. */
  readonly expr: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Valid templates, sorted by name. */
  readonly labels: Pairs<string>;
  /** Valid templates, sorted by name. */
  readonly annotations: Pairs<string>;
}

/** The section `rules`: the evaluation of all rules. */
export interface RulesSettings {
  /** Maximum time for which `hold` keeps the state of series from regions that do not answer. Default 600,000. */
  readonly holdMs: number;
  /** Where rules read the results of recording rules of their group. Default `memory`. */
  readonly chainedResults: ChainedResultsSource;
  /** The API that the state of alerts is restored from; undefined for the federated view. */
  readonly restoreFrom: RestoreFromSettings | undefined;
  /** How replicas share the groups; undefined when every replica evaluates all of them. */
  readonly election: ElectionSettings | undefined;
}

/** `rules.restore_from`: any Prometheus-compatible API. */
export interface RestoreFromSettings {
  /** Base URL without a trailing slash: `/api/v1/query` is appended. */
  readonly url: string;
  /** Maximum time of one query. Default 30,000. */
  readonly timeoutMs: number;
  /** Added to every request. Values may be secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly httpClient: HttpClientSettings;
}
