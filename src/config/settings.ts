// The settings of a configuration: checked, with defaults.

import type { Labels, Matcher } from '../model/index.js';

/** The settings of a loaded configuration. Immutable: a reload creates new ones. */
export interface Settings {
  /** Default step of subqueries, `global.evaluation_interval`. Default 60,000, as in Prometheus. */
  readonly evaluationIntervalMs: number;
  /** `global.external_labels`. */
  readonly externalLabels: Labels;
  readonly serverGroups: readonly ServerGroupSettings[];
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
  /** Buffer of the replica merge. Default 10,000. */
  readonly antiAffinityMs: number;
  /**
   * `native` accepts the region's own evaluation, `exact` uses its raw samples only. Undefined when it is not set.
   */
  readonly semantics: 'native' | 'exact' | undefined;
  /** True when the region moves the steps of range queries to multiples of the step. */
  readonly alignsRanges: boolean;
  /** Path of remote read below `pathPrefix`, with a leading slash; undefined to read raw samples by queries. */
  readonly remoteReadPath: string | undefined;
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

export interface TargetSettings {
  /** `host:port`, IPv6 addresses in brackets. */
  readonly address: string;
  /** Set on every series of the target, below the labels of its group. */
  readonly labels: Labels;
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

/** `http_client`. */
export interface HttpClientSettings {
  /** Maximum time to open a connection, including TLS. Positive. Default 200, also for 0 in the file. */
  readonly dialTimeoutMs: number;
  /** Undefined for no authentication. */
  readonly authentication: AuthenticationSettings | undefined;
  readonly tls: TlsSettings;
}

/** The content of the Authorization header: basic authentication, or credentials with a scheme such as `Bearer`. */
export type AuthenticationSettings =
  | { readonly kind: 'basic'; readonly username: SecretSettings; readonly password: SecretSettings }
  | { readonly kind: 'token'; readonly scheme: string; readonly credentials: SecretSettings };

/** A secret, or the user name of basic authentication. */
export interface SecretSettings {
  /** The value when the configuration was loaded. The content of a file is trimmed. */
  readonly value: string;
  /** The file with the value, which may change at any time; undefined when the value is in the configuration. */
  readonly file: string | undefined;
}

/** `tls_config`. Certificates and keys are PEM texts; files are read when the configuration is loaded. */
export interface TlsSettings {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
}
