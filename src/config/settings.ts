// What the rest of promfed reads of a configuration: checked, completed with defaults, units in the names.

import type { Labels, Matcher } from '../model/index.js';

/** A loaded configuration. Immutable; a reload makes a new one. */
export interface Settings {
  /** `global.evaluation_interval`: the default step of subqueries. Default 60,000, as in Prometheus. */
  readonly evaluationIntervalMs: number;
  readonly externalLabels: Labels;
  readonly serverGroups: readonly ServerGroupSettings[];
}

/** One entry of `promxy.server_groups`. */
export interface ServerGroupSettings {
  /** `name`, or what stands for it: the values of the labels joined by slashes, or else the first target. Unique. */
  readonly name: string;
  /** Set on every series of the group. */
  readonly labels: Labels;
  readonly scheme: 'http' | 'https';
  /** `host:port` each, IPv6 in brackets; several are replicas of the same data. Never empty, none twice. */
  readonly targets: readonly string[];
  /** Starts with a slash and ends without one, or is empty. */
  readonly pathPrefix: string;
  /** Added to every request; the file's order. */
  readonly queryParams: readonly (readonly [name: string, value: string])[];
  /** Added to every request; a name may come more than once. Names and values are valid in HTTP. May be secrets. */
  readonly httpHeaders: readonly (readonly [name: string, value: string])[];
  /** Until the response headers, each request; undefined for no limit but the query's own. */
  readonly timeoutMs: number | undefined;
  /** A failure of the group becomes a warning of the answer. */
  readonly ignoreError: boolean;
  /** The buffer B of the replica merge. Default 10,000. */
  readonly antiAffinityMs: number;
  /** Whose rules count for what the region could compute; undefined when that is not said. */
  readonly semantics: 'native' | 'exact' | undefined;
  /** It moves the steps of a range query to multiples of the step. */
  readonly alignsRanges: boolean;
  /**
   * Where raw samples are read by Prometheus' remote read, below the prefix: starts with a slash. Undefined to ask for
   * them by queries.
   */
  readonly remoteReadPath: string | undefined;
  /** How often the metadata is asked for the names of native histograms; undefined for never. Never 0. */
  readonly histogramRefreshMs: number | undefined;
  /** Native histograms that a region hands on in part only are computed with, as far as they go. Default false. */
  readonly allowsLossyHistograms: boolean;
  /** What the group is declared to have of some labels; undefined for anything. */
  readonly labelFilter: LabelFilterSettings | undefined;
  /** Added to every selector that the group is sent; undefined for none. Not empty. */
  readonly injectMatchers: readonly Matcher[] | undefined;
  /** Between which times the group has samples; undefined for any time. */
  readonly timeRange: TimeRangeSettings | undefined;
  readonly httpClient: HttpClientSettings;
}

/** `label_filter`. Labels in the file's order, each once. */
export interface LabelFilterSettings {
  /** Labels whose values are asked of the group, each once. */
  readonly dynamicLabels: readonly string[];
  /** How often; 0 in the file means unset. Default 300,000. Never 0. */
  readonly syncIntervalMs: number;
  /** The series of the group have one of these values (or a learned one, of a dynamic label), or lack the label. */
  readonly include: readonly (readonly [label: string, values: readonly string[]])[];
  /** But none of these. */
  readonly exclude: readonly (readonly [label: string, values: readonly string[]])[];
}

/** `absolute_time_range` or `relative_time_range`: at least one of the ends, both inclusive, start before end. */
export interface TimeRangeSettings {
  /** Since the epoch, or since now. */
  readonly kind: 'absolute' | 'relative';
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Whether samples outside of the range don't count where the group has some all the same. */
  readonly truncate: boolean;
}

export interface HttpClientSettings {
  /** Until the connection stands, TLS included. Default 200; 0 in the file means unset. Never 0. */
  readonly dialTimeoutMs: number;
  /** Undefined for no authentication. */
  readonly authentication: AuthenticationSettings | undefined;
  readonly tls: TlsSettings;
}

/** The Authorization header: of basic authentication, or a scheme such as `Bearer` and its credentials. */
export type AuthenticationSettings =
  | { readonly kind: 'basic'; readonly username: SecretSettings; readonly password: SecretSettings }
  | { readonly kind: 'token'; readonly scheme: string; readonly credentials: SecretSettings };

export interface SecretSettings {
  /** As of the time when the configuration was loaded; a file's content without the white space around it. */
  readonly value: string;
  /** The file that holds the value and may change at any time; undefined when the configuration holds it itself. */
  readonly file: string | undefined;
}

/** `tls_config`. PEM texts; files are read when the configuration is loaded. */
export interface TlsSettings {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined;
}
