// One entry of `remote_write`.

import Type from 'typebox';

import { httpClientKeys } from './http-client.js';
import { boolean, closed, inert, integer, mapOf, oneOf, string, unsupported } from './keys.js';
import { relabelRules } from './relabel.js';

/** Source: Prometheus, config/config.go (`QueueConfig`). */
const queue = Type.Object(
  {
    capacity: integer(10_000, 1, 10_000_000),
    max_shards: integer(50, 1, 1_000),
    min_shards: integer(1, 1, 1_000),
    max_samples_per_send: integer(2000, 1, 1_000_000),
    batch_send_deadline: string('duration', { default: '5s' }),
    min_backoff: string('duration', { default: '30ms' }),
    max_backoff: string('duration', { default: '5s' }),
    retry_on_http_429: boolean(false),
    sample_age_limit: string('duration', { default: '0s' }),
  },
  closed,
);

/** Source: Prometheus, config/config.go (`RemoteWriteConfig`). */
export const remoteWrite = Type.Object(
  {
    url: Type.String({ format: 'write-url' }),
    name: string(),
    remote_timeout: string('positive-duration', { default: '30s' }),
    protobuf_message: oneOf(
      ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'],
      'prometheus.WriteRequest',
    ),
    headers: mapOf(Type.String({ format: 'header-value' }), 'request-header-name'),
    write_relabel_configs: relabelRules,
    send_exemplars: inert('rules have no exemplars'),
    send_native_histograms: boolean(false),
    failed_request_logging: inert('promfed logs rejected requests in any case'),
    queue_config: Type.Optional(queue),
    metadata_config: inert('results of rules have no metadata'),
    ...httpClientKeys,
    round_robin_dns: unsupported(false),
    sigv4: unsupported(),
    azuread: unsupported(),
    google_iam: unsupported(),
  },
  closed,
);

export type RemoteWriteFile = Type.Static<typeof remoteWrite>;
