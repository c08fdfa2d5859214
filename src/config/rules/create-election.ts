// Creates the settings of the section `rules.election`.

import { minOf } from '../../model/index.js';
import type { KubernetesElectionFile, RedisElectionFile } from '../file/schema/election.js';
import type { RulesSectionFile } from '../file/schema/rules.js';
import { createTlsSettings, secretOf } from '../http/http-client.js';
import { createSectionClient } from '../http/section-client.js';
import { type Section, subsection } from '../section-reader.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { parseRedisUrl } from '../text/redis-url.js';
import type {
  ElectionSettings,
  KubernetesElectionSettings,
  RedisElectionSettings,
} from './election-settings.js';
import type { RuleGroupSettings } from './rule-settings.js';

type ElectionFile = NonNullable<RulesSectionFile['election']>;

const DEFAULT_NAME = 'promfed-rules';

/** With this share of an interval, other replicas have taken a group before its next but one evaluation. */
const INTERVAL_SHARE = 0.75;
/** Limits of the default duration of leases. */
const MIN_LEASE_MS = 3_000;
const MAX_LEASE_MS = 15_000;

/** Maximum time to open a connection. Requests have shorter limits. */
const DIAL_TIMEOUT_MS = 5_000;

/** Returns undefined after reporting a problem. */
export function createElectionSettings(
  election: ElectionFile,
  groups: readonly RuleGroupSettings[],
  section: Section,
): ElectionSettings | undefined {
  const { redis, kubernetes_lease: lease } = election;
  if ((redis === undefined) === (lease === undefined)) {
    section.problem([], 'exactly one of redis & kubernetes_lease must be configured');
    return undefined;
  }
  const store =
    redis === undefined
      ? kubernetesOf(lease!, subsection(section, ['kubernetes_lease']))
      : redisOf(redis, subsection(section, ['redis']));
  return {
    store,
    leaseMs: leaseMsOf(election, groups, section),
    evaluatesWithoutStore: election.on_store_failure === 'evaluate',
  };
}

function leaseMsOf(election: ElectionFile, groups: readonly RuleGroupSettings[], { warn }: Section): number {
  const shortest = minOf(groups.map(({ intervalMs }) => intervalMs));
  const longestMs = shortest * INTERVAL_SHARE;
  if (election.lease_duration === undefined) {
    return Math.ceil(Math.min(Math.max(longestMs, MIN_LEASE_MS), MAX_LEASE_MS));
  }
  const leaseMs = Math.ceil(parseConfigDuration(election.lease_duration));
  if (leaseMs > longestMs) {
    warn(
      ['lease_duration'],
      `longer than three quarters of the shortest interval of a rule group (${shortest / 1000}s): a take-over may take more than two intervals`,
    );
  }
  return leaseMs;
}

function redisOf(redis: RedisElectionFile, section: Section): RedisElectionSettings {
  const url = parseRedisUrl(redis.url);
  const password = secretOf(redis, 'password', undefined, section);
  const isGiven = password !== undefined && password.value !== '';
  if (isGiven && url.password !== undefined) {
    section.problem(['url'], 'must not contain a password when password or password_file is configured');
  }
  if (redis.tls_config !== undefined && !url.isSecure) {
    section.problem(['tls_config'], 'has no effect without a rediss:// URL');
  }
  return {
    kind: 'redis',
    name: redis.name ?? DEFAULT_NAME,
    host: url.host,
    port: url.port,
    database: url.database,
    username: redis.username ?? url.username,
    password: isGiven
      ? password
      : url.password === undefined
        ? undefined
        : { value: url.password, file: undefined },
    tls: url.isSecure ? createTlsSettings(redis.tls_config ?? {}, section) : undefined,
  };
}

function kubernetesOf(lease: KubernetesElectionFile, section: Section): KubernetesElectionSettings {
  const { url, headers, httpClient } = createSectionClient(
    lease,
    lease.api_server ?? '',
    DIAL_TIMEOUT_MS,
    section,
  );
  return {
    kind: 'kubernetes_lease',
    name: lease.name ?? DEFAULT_NAME,
    namespace: lease.namespace,
    apiServer: lease.api_server === undefined ? undefined : url.replace(/\/+$/, ''),
    headers,
    httpClient,
  };
}
