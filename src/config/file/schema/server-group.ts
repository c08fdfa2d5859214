// One entry of `promxy.server_groups`.

import Type from 'typebox';

import { httpClient } from './http-client.js';
import { boolean, closed, each, mapOf, string, unsupported } from './keys.js';

const staticConfig = Type.Object(
  {
    targets: Type.Array(Type.String({ format: 'target' })),
    labels: mapOf(Type.String(), 'label-name'),
  },
  closed,
);

/** Service discoveries. Source: Prometheus, discovery/ (all registered mechanisms). */
export const DISCOVERIES = [
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
export const serverGroup = Type.Object(
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
    anti_affinity: string('duration'),
    anti_affinity_dynamic: boolean(false),
    ...each(DISCOVERIES, () => unsupported([])),
    relabel_configs: unsupported([]),
    semantics: Type.Optional(Type.Enum(['native', 'exact'])),
    remote_read: string('remote-read', { default: 'auto' }),
    remote_read_path: string('path-prefix', { default: 'api/v1/read' }),
    native_histogram: Type.Optional(nativeHistogram),
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

export type ServerGroupFile = Type.Static<typeof serverGroup>;
export type LabelFilterFile = Type.Static<typeof labelFilter>;
export type TimeRangeFile = Type.Static<ReturnType<typeof timeRange>>;
