// The schema of the configuration file: the one source of its keys, their types, their defaults and their checks.
// promxy's keys, which stand in Prometheus' own file.

import Type, { type TObject, type TOptional, type TSchema, type TUnknown } from 'typebox';

import type { FormatName } from './formats.js';

/**
 * What the schema says of a key beyond JSON Schema. `default` is what stands for a key that is not there.
 */
export interface Remarks {
  /** The value is never shown. */
  readonly secret?: true;
  /** One text stands for a list of one. */
  readonly orOne?: true;
  /** The key is accepted and does nothing; the value says why, after the key's name. */
  readonly inert?: string;
  /** A later version will do it. Until then only `unless`, where it is given, is accepted, which changes nothing. */
  readonly later?: { readonly unless?: unknown };
}

const RULES_LATER = 'this version does not evaluate rules yet';
const NO_SCRAPING = 'promfed stores and scrapes nothing';

function text(format?: FormatName, remarks: Remarks & { default?: string } = {}) {
  // TypeBox's own list of formats does not know ours.
  const options: Record<string, unknown> = format === undefined ? { ...remarks } : { format, ...remarks };
  return Type.Optional(Type.String(options));
}

function flag(value: boolean) {
  return Type.Optional(Type.Boolean({ default: value }));
}

/** Keys of the file's own choice. */
function mapOf<Value extends TSchema>(value: Value, names: FormatName, remarks: Remarks = {}) {
  return Type.Optional(
    Type.Unsafe<Record<string, Type.Static<Value>>>({
      type: 'object',
      additionalProperties: value,
      propertyNames: { format: names },
      ...remarks,
    }),
  );
}

/** An inert section, whose shape is not looked at. */
function inert(reason: string) {
  return Type.Optional(Type.Unknown({ inert: reason }));
}

function later(unless?: unknown) {
  return Type.Optional(Type.Unknown({ later: unless === undefined ? {} : { unless } }));
}

/** Several keys of one kind. */
function each<const Name extends string>(names: readonly Name[], schema: () => TOptional<TUnknown>) {
  const entries = names.map((name) => [name, schema()] as const);
  return Object.fromEntries(entries) as Record<Name, TOptional<TUnknown>>;
}

const closed = { additionalProperties: false } as const;

const basicAuth = Type.Object(
  {
    username: text(),
    username_file: text(),
    password: text(undefined, { secret: true }),
    password_file: text(),
  },
  closed,
);

const authorization = Type.Object(
  {
    type: text('authorization-type', { default: 'Bearer' }),
    credentials: text(undefined, { secret: true }),
    credentials_file: text(),
  },
  closed,
);

const tlsVersion = Type.Optional(Type.Enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']));

const tlsConfig = Type.Object(
  {
    ca: text(),
    cert: text(),
    key: text(undefined, { secret: true }),
    ca_file: text(),
    cert_file: text(),
    key_file: text(),
    server_name: text('server-name'),
    insecure_skip_verify: flag(false),
    min_version: tlsVersion,
    max_version: tlsVersion,
  },
  closed,
);

const httpClient = Type.Object(
  {
    dial_timeout: text('duration', { default: '200ms' }),
    basic_auth: Type.Optional(basicAuth),
    authorization: Type.Optional(authorization),
    bearer_token: text(undefined, { secret: true }),
    bearer_token_file: text(),
    tls_config: Type.Optional(tlsConfig),
    dial_network: later('tcp'),
    fallback_delay: later('0s'),
    sigv4: later(),
    oauth2: later(),
    proxy_url: later(''),
    no_proxy: later(''),
    proxy_from_environment: later(false),
    proxy_connect_header: later({}),
    // Requests follow no redirects and speak HTTP/1.1, so only the values that say so are true here.
    follow_redirects: later(false),
    enable_http2: later(false),
    http_headers: later({}),
  },
  closed,
);

const staticConfig = Type.Object(
  {
    targets: Type.Array(Type.String({ format: 'target' }), { minItems: 1 }),
    labels: mapOf(Type.String(), 'label-name'),
  },
  closed,
);

/** Source: Prometheus, discovery/ (every registered mechanism). */
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

const listOfTexts = Type.Array(Type.String(), { orOne: true });

/** Source: promxy, pkg/promclient/labelfilter.go (`LabelFilterConfig`). */
const labelFilter = Type.Object(
  {
    static_labels_include: mapOf(Type.Array(Type.String(), { orOne: true }), 'filter-label'),
    static_labels_exclude: mapOf(Type.Array(Type.String(), { orOne: true }), 'filter-label'),
    dynamic_labels: Type.Optional(Type.Array(Type.String({ format: 'filter-label' }), { orOne: true })),
    sync_interval: text('duration', { default: '5m' }),
  },
  closed,
);

/** Source: promxy, pkg/servergroup/config.go (`AbsoluteTimeRangeConfig`, `RelativeTimeRangeConfig`). */
function timeRange(format: 'timestamp' | 'relative-time') {
  return Type.Object({ start: text(format), end: text(format), truncate: flag(false) }, closed);
}

/** Source: promxy, pkg/servergroup/config.go (`NativeHistogramConfig`). */
const nativeHistogram = Type.Object(
  { metadata_refresh: text('duration', { default: '0s' }), allow_lossy: flag(false) },
  closed,
);

/** One entry of `promxy.server_groups`. Source: promxy, pkg/servergroup/config.go. */
const serverGroup = Type.Object(
  {
    name: text('group-name'),
    static_configs: Type.Optional(Type.Array(staticConfig)),
    labels: mapOf(Type.String(), 'label-name'),
    scheme: Type.Optional(Type.Enum(['http', 'https'], { default: 'http' })),
    path_prefix: text('path-prefix', { default: '' }),
    query_params: mapOf(listOfTexts, 'parameter-name'),
    http_headers: mapOf(Type.Array(Type.String({ format: 'header-value' }), { orOne: true }), 'header-name'),
    http_client: Type.Optional(httpClient),
    timeout: text('duration', { default: '0s' }),
    ignore_error: flag(false),
    anti_affinity: text('duration', { default: '10s' }),
    ...each(DISCOVERIES, () => later([])),
    relabel_configs: later([]),
    semantics: Type.Optional(Type.Enum(['native', 'exact'])),
    remote_read: flag(false),
    remote_read_path: text('path-prefix', { default: 'api/v1/read' }),
    native_histogram: Type.Optional(nativeHistogram),
    anti_affinity_dynamic: later(false),
    prefer_max: later(false),
    max_idle_conns: later(20_000),
    max_idle_conns_per_host: later(1000),
    idle_conn_timeout: later('5m'),
    downgrade_error: later(false),
    relative_time_range: Type.Optional(timeRange('relative-time')),
    absolute_time_range: Type.Optional(timeRange('timestamp')),
    align_query_range_with_step: flag(false),
    label_filter: Type.Optional(labelFilter),
    inject_matchers: Type.Optional(Type.Array(Type.String({ format: 'matchers' }))),
    metrics_relabel_configs: later([]),
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
    evaluation_interval: text('duration', { default: '1m' }),
    external_labels: mapOf(Type.String(), 'label-name'),
    query_log_file: later(''),
    rule_query_offset: inert(RULES_LATER),
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
          alert_templates: later(),
        },
        closed,
      ),
    ),
    rule_files: Type.Optional(Type.Array(Type.String(), { inert: RULES_LATER })),
    alerting: Type.Optional(Type.Object({}, { inert: RULES_LATER })),
    remote_write: Type.Optional(Type.Array(Type.Object({ url: Type.String() }), { inert: RULES_LATER })),
    ...each(['scrape_configs', 'scrape_config_files', 'storage', 'otlp'], () => inert(NO_SCRAPING)),
    remote_read: inert('promfed reads from its server groups only'),
    tracing: inert('this version exports no traces yet'),
    runtime: inert('it tunes the runtime of Go, which promfed does not run on'),
    tls_server_config: later(),
  },
  closed,
) satisfies TObject;

/** The whole file, decoded and checked. */
export type ConfigFile = Type.Static<typeof configFileSchema>;
export type ServerGroupFile = Type.Static<typeof serverGroup>;
export type HttpClientFile = Type.Static<typeof httpClient>;
export type LabelFilterFile = Type.Static<typeof labelFilter>;
export type TimeRangeFile = Type.Static<ReturnType<typeof timeRange>>;
export type TlsFile = Type.Static<typeof tlsConfig>;
