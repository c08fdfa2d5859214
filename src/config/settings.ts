// The settings of a configuration: checked, with defaults.

import type { Labels, Matcher } from '../model/index.js';
import type { AlertingSettings } from './alerting/alerting-settings.js';
import type { HttpClientSettings, TargetSettings } from './http/http-client-settings.js';
import type { RemoteWriteSettings } from './remote-write/remote-write-settings.js';
import type { RuleGroupSettings, RulesSettings } from './rules/rule-settings.js';

/** The settings of a loaded configuration. Immutable: a reload creates new ones. */
export interface Settings {
  /**
   * `global.evaluation_interval`: default step of subqueries and default interval of rule groups. Default 60,000, as in
   * Prometheus.
   */
  readonly evaluationIntervalMs: number;
  /** `global.rule_query_offset`. Default 0. The groups contain it already. */
  readonly ruleQueryOffsetMs: number;
  /** `global.external_labels`, added to alerts and to the samples of remote write. */
  readonly externalLabels: Labels;
  readonly serverGroups: readonly ServerGroupSettings[];
  /** Sorted by file; those of one file in its order. */
  readonly ruleGroups: readonly RuleGroupSettings[];
  readonly rules: RulesSettings;
  readonly alerting: AlertingSettings;
  readonly remoteWrite: readonly RemoteWriteSettings[];
}

/** One entry of `promxy.server_groups`. */
export interface ServerGroupSettings {
  /** Unique. Default: the values of the labels that all targets have, joined by slashes, or the first target. */
  readonly name: string;
  /** Set on every series of the group, above the labels of its targets. */
  readonly labels: Labels;
  readonly scheme: 'http' | 'https';
  /** `static_configs`. Targets with equal labels are replicas of the same data; no two of these are equal. */
  readonly targets: readonly TargetSettings[];
  /** Starts with a slash and ends without one, or is empty. */
  readonly pathPrefix: string;
  /** Added to every request, in the order of the file. */
  readonly queryParams: readonly (readonly [name: string, value: string])[];
  /** Added to every request. Names may repeat. Names and values are valid in HTTP. Values may be secrets. */
  readonly httpHeaders: readonly (readonly [name: string, value: string])[];
  /** Maximum time from a request to its response headers; undefined for no limit other than the query's timeout. */
  readonly timeoutMs: number | undefined;
  /** A failure of the group is a warning of the answer instead of an error. */
  readonly ignoreError: boolean;
  /** promxy's merge of replicas. Undefined when neither key is configured: replicas fill the gaps of the first one. */
  readonly antiAffinity: AntiAffinitySettings | undefined;
  /**
   * `native` accepts the region's own evaluation, `exact` uses its raw samples only. Undefined when it is not set.
   */
  readonly semantics: 'native' | 'exact' | undefined;
  /** True when the region moves the steps of range queries to multiples of the step. */
  readonly alignsRanges: boolean;
  /** How raw samples are read: by remote read `always` or `never`, or by what each target serves. Default `auto`. */
  readonly remoteRead: 'always' | 'never' | 'auto';
  /** Path of remote read below `pathPrefix`, with a leading slash. */
  readonly remoteReadPath: string;
  /** Interval at which names of native histograms are read from the metadata; positive, undefined for never. */
  readonly histogramRefreshMs: number | undefined;
  /** True to compute with the partial native histograms of the JSON API. Default false. */
  readonly allowsLossyHistograms: boolean;
  /** Declared and learned values of labels; undefined when neither is configured. */
  readonly labelFilter: LabelFilterSettings | undefined;
  /** Matchers added to every selector sent to the group; undefined for none, never empty. */
  readonly injectMatchers: readonly Matcher[] | undefined;
  /** Time range in which the group has samples; undefined for no limit. */
  readonly timeRange: TimeRangeSettings | undefined;
  readonly httpClient: HttpClientSettings;
}

/** `anti_affinity` and `anti_affinity_dynamic`. */
export interface AntiAffinitySettings {
  /** Default 10,000. */
  readonly bufferMs: number;
  /** True to derive the buffer from the interval of each series where its samples show it. Default false. */
  readonly isDynamic: boolean;
}

/** `label_filter`. Labels are distinct and in the order of the file. */
export interface LabelFilterSettings {
  /** Labels whose values are read from the group periodically. */
  readonly dynamicLabels: readonly string[];
  /** Positive. Default 300,000, also for 0 in the file. */
  readonly syncIntervalMs: number;
  /** Each series has one of these values, or a learned value of a dynamic label, or lacks the label. */
  readonly include: readonly (readonly [label: string, values: readonly string[]])[];
  /** No series has one of these values. */
  readonly exclude: readonly (readonly [label: string, values: readonly string[]])[];
}

/**
 * `absolute_time_range` or `relative_time_range`. Both ends are inclusive, at least one is defined, and the end is not
 * before the start.
 */
export interface TimeRangeSettings {
  /** Times are relative to the epoch or to now. */
  readonly kind: 'absolute' | 'relative';
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** True to ignore samples that the group has outside of the range. */
  readonly truncate: boolean;
}
