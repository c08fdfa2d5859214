// The settings of HTTP clients and their targets: checked, with defaults.

import type { Labels } from '../../model/index.js';

export interface TargetSettings {
  /** `host:port`, IPv6 addresses in brackets. The port may be missing for an Alertmanager. */
  readonly address: string;
  /** For a server group: set on every series of the target, below the labels of its group. */
  readonly labels: Labels;
}

/** How requests of one HTTP client are sent. */
export interface HttpClientSettings {
  /** Maximum time to open a connection, including TLS. Positive. For a server group 200 by default, also for 0 in the file. */
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
