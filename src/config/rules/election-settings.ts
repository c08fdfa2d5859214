// The settings of the election between replicas: checked, with defaults. Plain data, so that they can be cloned.

import type { HttpClientSettings, SecretSettings, TlsSettings } from '../http/http-client-settings.js';

/** `rules.election`: replicas share the rule groups. */
export interface ElectionSettings {
  readonly store: RedisElectionSettings | KubernetesElectionSettings;
  /**
   * Time after which other replicas take the groups of a replica that does not renew its leases. At least 1,000. Default: three
   * quarters of the shortest interval of a group, from 3,000 to 15,000.
   */
  readonly leaseMs: number;
  /** True to evaluate all groups while the store does not answer. Default false. */
  readonly evaluatesWithoutStore: boolean;
}

export interface RedisElectionSettings {
  readonly kind: 'redis';
  /** The key. */
  readonly name: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly database: number;
  /** Undefined for the default user. */
  readonly username: string | undefined;
  /** Undefined to send no credentials. */
  readonly password: SecretSettings | undefined;
  /** Undefined for a connection without TLS. */
  readonly tls: TlsSettings | undefined;
}

export interface KubernetesElectionSettings {
  readonly kind: 'kubernetes_lease';
  /** The name of the Lease. */
  readonly name: string;
  /** Undefined for the namespace of the pod's service account. */
  readonly namespace: string | undefined;
  /** Base URL without a trailing slash; undefined for the API server of the cluster in which promfed runs. */
  readonly apiServer: string | undefined;
  /** Added to every request. Values may be secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly httpClient: HttpClientSettings;
}
