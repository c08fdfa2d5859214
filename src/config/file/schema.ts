// The schema of the configuration file: the single source of its keys, types, defaults and checks. The file is
// promxy's: the configuration of Prometheus with a `promxy` section.

import Type, { type TObject, type TOptional, type TSchema, type TUnknown } from 'typebox';

import type { FormatName } from './formats.js';

/** Annotations of a key beyond JSON schema. `default` is documentation: it is the value of a missing key. */
export interface SchemaAnnotations {
  /** The value is masked wherever the configuration is shown. */
  readonly secret?: true;
  /** A single value is accepted in place of a list. */
  readonly orOne?: true;
  /** The key is accepted without effect. The reason completes `KEY has no effect: `. */
  readonly inert?: string;
  /** The key is rejected. `unless` is accepted: it is promxy's default and changes nothing. */
  readonly unsupported?: { readonly unless?: unknown };
}

const NO_RULES = 'rules are not evaluated yet';
const NO_SCRAPING = 'promfed does not scrape targets or store samples';

function string(format?: FormatName, annotations: SchemaAnnotations & { default?: string } = {}) {
  // TypeBox types `format` as a list that lacks these formats.
  const options: Record<string, unknown> =
    format === undefined ? { ...annotations } : { format, ...annotations };
  return Type.Optional(Type.String(options));
}

function boolean(value: boolean) {
  return Type.Optional(Type.Boolean({ default: value }));
}

/** A mapping with arbitrary keys. */
function mapOf<Value extends TSchema>(value: Value, keys: FormatName) {
  return Type.Optional(
    Type.Unsafe<Record<string, Type.Static<Value>>>({
      type: 'object',
      additionalProperties: value,
      propertyNames: { format: keys },
    }),
  );
}

/** A key without effect. Its value is not checked. */
function inert(reason: string) {
  return Type.Optional(Type.Unknown({ inert: reason }));
}

function unsupported(unless?: unknown) {
  return Type.Optional(Type.Unknown({ unsupported: unless === undefined ? {} : { unless } }));
}

/** Several keys with the same schema. */
function each<const Name extends string>(names: readonly Name[], schema: () => TOptional<TUnknown>) {
  const entries = names.map((name) => [name, schema()] as const);
  return Object.fromEntries(entries) as Record<Name, TOptional<TUnknown>>;
}

const closed = { additionalProperties: false } as const;

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

const tlsConfig = Type.Object(
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

const httpClient = Type.Object(
  {
    dial_timeout: string('duration', { default: '200ms' }),
    basic_auth: Type.Optional(basicAuth),
    authorization: Type.Optional(authorization),
    bearer_token: string(undefined, { secret: true }),
    bearer_token_file: string(),
    tls_config: Type.Optional(tlsConfig),
    dial_network: unsupported('tcp'),
    fallback_delay: unsupported('0s'),
    sigv4: unsupported(),
    oauth2: unsupported(),
    proxy_url: unsupported(''),
    no_proxy: unsupported(''),
    proxy_from_environment: unsupported(false),
    proxy_connect_header: unsupported({}),
    // promfed follows no redirects and uses HTTP/1.1, so only `false` is accepted.
    follow_redirects: unsupported(false),
    enable_http2: unsupported(false),
    http_headers: unsupported({}),
  },
  closed,
);

const staticConfig = Type.Object(
  {
    targets: Type.Array(Type.String({ format: 'target' })),
    labels: mapOf(Type.String(), 'label-name'),
  },
  closed,
);

/** Service discoveries. Source: Prometheus, discovery/ (all registered mechanisms). */
const DISCOVERIES = [
  'aws_sd_configs',
  'azure_sd_configs',
  'consul_sd_configs',
  'digitalocean_sd_configs',
  'dns_sd_configs',
  'docker_sd_configs',
  'dockerswarm_sd_configs',
  'ec2_sd_configs',
  'ecs_sd_configs',
  'eureka_sd_configs',
  'file_sd_configs',
  'gce_sd_configs',
  'hetzner_sd_configs',
  'http_sd_configs',
  'ionos_sd_configs',
  'kubernetes_sd_configs',
  'kuma_sd_configs',
  'lightsail_sd_configs',
  'linode_sd_configs',
  'marathon_sd_configs',
  'nerve_sd_configs',
  'nomad_sd_configs',
  'openstack_sd_configs',
  'ovhcloud_sd_configs',
  'puppetdb_sd_configs',
  'scaleway_sd_configs',
  'serverset_sd_configs',
  'stackit_sd_configs',
  'triton_sd_configs',
  'uyuni_sd_configs',
  'vultr_sd_configs',
] as const;

const stringOrStrings = Type.Array(Type.String(), { orOne: true });

/** Source: promxy, pkg/promclient/labelfilter.go (`LabelFilterConfig`). */
const labelFilter = Type.Object(
  {
    static_labels_include: mapOf(stringOrStrings, 'filter-label'),
    static_labels_exclude: mapOf(stringOrStrings, 'filter-label'),
    dynamic_labels: Type.Optional(Type.Array(Type.String({ format: 'filter-label' }), { orOne: true })),
    sync_interval: string('duration', { default: '5m' }),
  },
  closed,
);

/** Source: promxy, pkg/servergroup/config.go (`AbsoluteTimeRangeConfig`, `RelativeTimeRangeConfig`). */
function timeRange(format: 'timestamp' | 'relative-time') {
  return Type.Object({ start: string(format), end: string(format), truncate: boolean(false) }, closed);
}

/** Source: promxy, pkg/servergroup/config.go (`NativeHistogramConfig`). */
const nativeHistogram = Type.Object(
  { metadata_refresh: string('duration', { default: '0s' }), allow_lossy: boolean(false) },
  closed,
);

/** One entry of `promxy.server_groups`. Source: promxy, pkg/servergroup/config.go. */
const serverGroup = Type.Object(
  {
    name: string('group-name'),
    static_configs: Type.Optional(Type.Array(staticConfig)),
    labels: mapOf(Type.String(), 'label-name'),
    scheme: Type.Optional(Type.Enum(['http', 'https'], { default: 'http' })),
    path_prefix: string('path-prefix', { default: '' }),
    query_params: mapOf(stringOrStrings, 'parameter-name'),
    http_headers: mapOf(Type.Array(Type.String({ format: 'header-value' }), { orOne: true }), 'header-name'),
    http_client: Type.Optional(httpClient),
    timeout: string('duration', { default: '0s' }),
    ignore_error: boolean(false),
    anti_affinity: string('duration', { default: '10s' }),
    ...each(DISCOVERIES, () => unsupported([])),
    relabel_configs: unsupported([]),
    semantics: Type.Optional(Type.Enum(['native', 'exact'])),
    remote_read: boolean(false),
    remote_read_path: string('path-prefix', { default: 'api/v1/read' }),
    native_histogram: Type.Optional(nativeHistogram),
    anti_affinity_dynamic: unsupported(false),
    prefer_max: unsupported(false),
    max_idle_conns: unsupported(20_000),
    max_idle_conns_per_host: unsupported(1000),
    idle_conn_timeout: unsupported('5m'),
    downgrade_error: unsupported(false),
    relative_time_range: Type.Optional(timeRange('relative-time')),
    absolute_time_range: Type.Optional(timeRange('timestamp')),
    align_query_range_with_step: boolean(false),
    label_filter: Type.Optional(labelFilter),
    inject_matchers: Type.Optional(Type.Array(Type.String({ format: 'matchers' }))),
    metrics_relabel_configs: unsupported([]),
  },
  closed,
);

/** Source: Prometheus, config/config.go (`GlobalConfig`). */
const SCRAPE_GLOBALS = [
  'scrape_interval',
  'scrape_timeout',
  'scrape_protocols',
  'scrape_failure_log_file',
  'scrape_native_histograms',
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'keep_dropped_targets',
  'metric_name_validation_scheme',
  'metric_name_escaping_scheme',
  'convert_classic_histograms_to_nhcb',
  'always_scrape_classic_histograms',
  'extra_scrape_metrics',
] as const;

const global = Type.Object(
  {
    evaluation_interval: string('duration', { default: '1m' }),
    external_labels: mapOf(Type.String(), 'label-name'),
    query_log_file: unsupported(''),
    rule_query_offset: inert(NO_RULES),
    ...each(SCRAPE_GLOBALS, () => inert(NO_SCRAPING)),
  },
  closed,
);

/** The whole file. */
export const configFileSchema = Type.Object(
  {
    global: Type.Optional(global),
    promxy: Type.Optional(
      Type.Object(
        {
          server_groups: Type.Optional(Type.Array(serverGroup)),
          alert_templates: unsupported(),
        },
        closed,
      ),
    ),
    rule_files: Type.Optional(Type.Array(Type.String(), { inert: NO_RULES })),
    alerting: Type.Optional(Type.Object({}, { inert: NO_RULES })),
    remote_write: Type.Optional(Type.Array(Type.Object({ url: Type.String() }), { inert: NO_RULES })),
    ...each(['scrape_configs', 'scrape_config_files', 'storage', 'otlp'], () => inert(NO_SCRAPING)),
    remote_read: inert('promfed reads only from its server groups'),
    tracing: inert('traces are not exported yet'),
    runtime: inert('it configures the Go runtime, which promfed does not use'),
    tls_server_config: unsupported(),
  },
  closed,
) satisfies TObject;

/** The decoded and checked file. */
export type ConfigFile = Type.Static<typeof configFileSchema>;
export type ServerGroupFile = Type.Static<typeof serverGroup>;
export type HttpClientFile = Type.Static<typeof httpClient>;
export type LabelFilterFile = Type.Static<typeof labelFilter>;
export type TimeRangeFile = Type.Static<ReturnType<typeof timeRange>>;
export type TlsFile = Type.Static<typeof tlsConfig>;
