// How an HTTP client authenticates, and which certificates it trusts.

import Type from 'typebox';

import { boolean, closed, mapOf, string, unsupported } from './keys.js';

const basicAuth = Type.Object(
  {
    username: string(),
    username_file: string(),
    password: string(undefined, { secret: true }),
    password_file: string(),
  },
  closed,
);

const authorization = Type.Object(
  {
    type: string('authorization-type', { default: 'Bearer' }),
    credentials: string(undefined, { secret: true }),
    credentials_file: string(),
  },
  closed,
);

const tlsVersion = Type.Optional(Type.Enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']));

export const tlsConfig = Type.Object(
  {
    ca: string(),
    cert: string(),
    key: string(undefined, { secret: true }),
    ca_file: string(),
    cert_file: string(),
    key_file: string(),
    server_name: string('server-name'),
    insecure_skip_verify: boolean(false),
    min_version: tlsVersion,
    max_version: tlsVersion,
  },
  closed,
);

/** Keys that promfed supports for no HTTP client. */
const unsupportedKeys = {
  oauth2: unsupported(),
  proxy_url: unsupported(''),
  no_proxy: unsupported(''),
  proxy_from_environment: unsupported(false),
  proxy_connect_header: unsupported({}),
  // promfed follows no redirects and uses HTTP/1.1, so only `false` is accepted.
  follow_redirects: unsupported(false),
  enable_http2: unsupported(false),
};

const authenticationKeys = {
  basic_auth: Type.Optional(basicAuth),
  authorization: Type.Optional(authorization),
  bearer_token: string(undefined, { secret: true }),
  bearer_token_file: string(),
  tls_config: Type.Optional(tlsConfig),
};

/** `http_client` of a server group. Source: promxy, pkg/servergroup/config.go (`HTTPClientConfig`). */
export const httpClient = Type.Object(
  {
    dial_timeout: string('duration', { default: '200ms' }),
    ...authenticationKeys,
    dial_network: unsupported('tcp'),
    fallback_delay: unsupported('0s'),
    sigv4: unsupported(),
    ...unsupportedKeys,
    http_headers: unsupported({}),
  },
  closed,
);

const httpHeader = Type.Object(
  {
    values: Type.Optional(Type.Array(Type.String({ format: 'header-value' }))),
    secrets: Type.Optional(Type.Array(Type.String({ format: 'header-value', secret: true }))),
    files: Type.Optional(Type.Array(Type.String())),
  },
  closed,
);

/**
 * Keys of an HTTP client that stand beside other keys, as in the sections of Prometheus.
 *
 * Source: prometheus/common, config/http_config.go (`HTTPClientConfig`).
 */
export const httpClientKeys = {
  ...authenticationKeys,
  http_headers: mapOf(httpHeader, 'request-header-name'),
  ...unsupportedKeys,
};

/** The keys with settings. */
export type HttpClientFile = Pick<
  Type.Static<typeof httpClient>,
  keyof typeof authenticationKeys | 'dial_timeout'
>;
export type HttpHeadersFile = Readonly<Record<string, Type.Static<typeof httpHeader>>>;
export type TlsFile = Type.Static<typeof tlsConfig>;
