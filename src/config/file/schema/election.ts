// The section `rules.election`.

import Type from 'typebox';

import { httpClientKeys, tlsConfig } from './http-client.js';
import { closed, oneOf, string } from './keys.js';

const redis = Type.Object(
  {
    url: Type.String({ format: 'redis-url' }),
    name: string('election-name', { default: 'promfed-rules' }),
    username: string(),
    password: string(undefined, { secret: true }),
    password_file: string(),
    tls_config: Type.Optional(tlsConfig),
  },
  closed,
);

const kubernetesLease = Type.Object(
  {
    name: string('lease-name', { default: 'promfed-rules' }),
    namespace: string('lease-name'),
    api_server: string('api-url'),
    ...httpClientKeys,
  },
  closed,
);

export const election = Type.Object(
  {
    redis: Type.Optional(redis),
    kubernetes_lease: Type.Optional(kubernetesLease),
    lease_duration: string('lease-duration'),
    on_store_failure: oneOf(['stop', 'evaluate'], 'stop'),
  },
  closed,
);

export type RedisElectionFile = Type.Static<typeof redis>;
export type KubernetesElectionFile = Type.Static<typeof kubernetesLease>;
