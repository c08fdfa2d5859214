// `http_client` of a server group: how promfed authenticates to the region, and which certificates it trusts.

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { isHeaderValue } from '../../model/index.js';
import type { HttpClientFile, TlsFile } from '../file/schema/http-client.js';
import type {
  AuthenticationSettings,
  HttpClientSettings,
  SecretSettings,
  TlsSettings,
} from './http-client-settings.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import type { Section } from '../section-reader.js';

const DEFAULT_DIAL_TIMEOUT_MS = 200;

const TLS_VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

const NOT_GIVEN: SecretSettings = { value: '', file: undefined };

/** Creates the settings of a section with a valid shape. Other problems are reported. */
export function createHttpClientSettings(client: HttpClientFile, section: Section): HttpClientSettings {
  const dialTimeoutMs = Math.ceil(parseConfigDuration(client.dial_timeout ?? '0'));
  return {
    dialTimeoutMs: dialTimeoutMs === 0 ? DEFAULT_DIAL_TIMEOUT_MS : dialTimeoutMs,
    authentication: authenticationOf(client, section),
    tls: createTlsSettings(client.tls_config ?? {}, section),
  };
}

/**
 * Returns the authentication method of the section; undefined for none. An empty string counts as missing.
 *
 * Source: prometheus/common, config/http_config.go (`HTTPClientConfig.Validate` and the round trippers).
 */
function authenticationOf(client: HttpClientFile, section: Section): AuthenticationSettings | undefined {
  const { basic_auth: basic, authorization } = client;
  const methods = [
    basic !== undefined && 'basic_auth',
    authorization !== undefined && 'authorization',
    isGiven(client.bearer_token) && 'bearer_token',
    isGiven(client.bearer_token_file) && 'bearer_token_file',
  ].filter((method) => method !== false);
  if (methods.length > 1) {
    section.problem(
      [methods[1]!],
      `at most one of basic_auth, authorization, bearer_token & bearer_token_file must be configured, not ${methods.join(' and ')}`,
    );
    return undefined;
  }
  if (basic !== undefined) return basicAuthOf(basic, section);
  if (authorization !== undefined) {
    const credentials = secretOf(authorization, 'credentials', 'authorization', section);
    if (credentials === undefined) return undefined;
    if (credentials.value === '') {
      section.problem(['authorization'], 'missing credentials; set credentials or credentials_file');
      return undefined;
    }
    const type = authorization.type?.trim() ?? '';
    return tokenOf(type === '' ? 'Bearer' : type, credentials, ['authorization'], section);
  }
  const bearer = secretOf(client, 'bearer_token', undefined, section);
  if (bearer !== undefined && bearer.value !== '') {
    return tokenOf('Bearer', bearer, methods.slice(0, 1), section);
  }
  if (bearer?.value === '' && methods.length === 1) {
    section.problem(['bearer_token_file'], 'file is empty');
  }
  return undefined;
}

function basicAuthOf(
  basic: NonNullable<HttpClientFile['basic_auth']>,
  section: Section,
): AuthenticationSettings | undefined {
  const username = secretOf(basic, 'username', 'basic_auth', section);
  const password = secretOf(basic, 'password', 'basic_auth', section);
  if (username === undefined || password === undefined) return undefined;
  // Go's SetBasicAuth does not check it, and the region would read the rest of the name as the password.
  if (username.value.includes(':')) {
    const key = username.file === undefined ? 'username' : 'username_file';
    section.problem(['basic_auth', key], 'user name must not contain a colon');
  }
  return { kind: 'basic', username, password };
}

function tokenOf(
  scheme: string,
  credentials: SecretSettings,
  path: readonly string[],
  { problem }: Section,
): AuthenticationSettings | undefined {
  if (isHeaderValue(credentials.value)) return { kind: 'token', scheme, credentials };
  problem(path, 'credentials contain characters that an HTTP header cannot hold');
  return undefined;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/**
 * Returns the value of KEY, or the trimmed content of KEY_file. The value is empty when both are missing. Returns
 * undefined after reporting a problem.
 */
export function secretOf<Key extends string>(
  part: Readonly<Partial<Record<Key | `${Key}_file`, string>>>,
  key: Key,
  partName: string | undefined,
  { readText, problem }: Section,
): SecretSettings | undefined {
  const fileKey = `${key}_file` as const;
  const text: string | undefined = part[key];
  const file: string | undefined = part[fileKey];
  const above = partName === undefined ? [] : [partName];
  if (isGiven(text) && isGiven(file)) {
    problem(
      [...above, fileKey],
      `at most one of ${[...above, ''].join(' ')}${key} & ${fileKey} must be configured`,
    );
    return undefined;
  }
  if (!isGiven(file)) return text === undefined ? NOT_GIVEN : { value: text, file: undefined };
  const read = readText(file);
  if ('text' in read) return { value: read.text.trim(), file };
  problem([...above, fileKey], read.problem);
  return undefined;
}

/** Source: prometheus/common, config/http_config.go (`TLSConfig.Validate`). */
export function createTlsSettings(tls: TlsFile, section: Section): TlsSettings {
  const pem = (key: 'ca' | 'cert' | 'key'): string | undefined => {
    const text = secretOf(tls, key, 'tls_config', section)?.value;
    return text === undefined || text === '' ? undefined : `${text.trimEnd()}\n`;
  };
  const report = (key: string, text: string): void => {
    section.problem(['tls_config', key], text);
  };
  const keyOf = (key: 'ca' | 'cert' | 'key'): string => (isGiven(tls[key]) ? key : `${key}_file`);

  const [ca, cert, key] = [pem('ca'), pem('cert'), pem('key')];
  const hasCert = isGiven(tls.cert) || isGiven(tls.cert_file);
  const hasKey = isGiven(tls.key) || isGiven(tls.key_file);
  if (hasCert && !hasKey) {
    report(
      keyOf('cert'),
      'exactly one of key or key_file must be configured when a client certificate is configured',
    );
  }
  if (hasKey && !hasCert) {
    report(
      keyOf('key'),
      'exactly one of cert or cert_file must be configured when a client key is configured',
    );
  }
  if (ca !== undefined)
    checkCertificates(ca, (text) => {
      report(keyOf('ca'), text);
    });
  if (cert !== undefined)
    checkCertificates(cert, (text) => {
      report(keyOf('cert'), text);
    });
  if (cert !== undefined && key !== undefined) {
    try {
      createSecureContext({ cert, key });
    } catch {
      report(keyOf('key'), 'must be the private key of the certificate, in PEM form');
    }
  }
  const { min_version: min, max_version: max } = tls;
  if (min !== undefined && max !== undefined && min > max) {
    report('max_version', `${max} must not be below min_version ${min}`);
  }
  return {
    ca,
    cert,
    key,
    serverName: isGiven(tls.server_name) ? tls.server_name : undefined,
    insecureSkipVerify: tls.insecure_skip_verify ?? false,
    minVersion: min === undefined ? undefined : TLS_VERSIONS[min],
    maxVersion: max === undefined ? undefined : TLS_VERSIONS[max],
  };
}

/** Checks each certificate, because Node silently ignores a text that holds none. */
function checkCertificates(pem: string, report: (text: string) => void): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) {
    report('must contain a certificate in PEM form');
    return;
  }
  for (const [i, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      report(`invalid certificate in PEM block ${i + 1}`);
      return;
    }
  }
}
