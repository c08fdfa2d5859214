// Two replicas share rule groups by a real Redis. One is frozen, killed, cut off and stopped.
// `PROMFED_RUNS=100 npm test -- test/e2e/rule-election` injects 100 random faults as well, in about five minutes.

import { hostname } from 'node:os';
import t from 'tap';

import { buildPromfed, type PromfedProcess } from '../helpers/promfed/process.js';
import { randomRuns } from '../helpers/random-runs.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { startRedis } from '../helpers/real-servers/redis.js';
import { startLeaseApi } from '../helpers/rules/election/lease-api.js';
import { injectRandomFaults } from '../helpers/rules/election/random-faults.js';
import {
  evaluatedCount,
  firingAt,
  GROUPS,
  groupsOf,
  problemsOf,
  startBackends,
  startReplica,
  untilSent,
  untilShared,
} from '../helpers/rules/election/replicas.js';
import { startTcpProxy } from '../helpers/upstreams/tcp-proxy.js';
import { until } from '../helpers/until.js';

t.before(buildPromfed);
const skip = withoutRealServers();

/** Returns the times since which alerts are active, in seconds as ALERTS_FOR_STATE stores them, by rule and group. */
async function activeAt(replicas: readonly PromfedProcess[]): Promise<ReadonlyMap<string, string>> {
  const all = (await Promise.all(replicas.map(groupsOf))).flat();
  return new Map(
    all.flatMap(({ name: group, rules }) =>
      rules
        .filter(({ name }) => name !== 'Toggled')
        .flatMap(({ name, alerts }) =>
          alerts.map(
            ({ state, activeAt: time }) =>
              [`${name} ${group}`, `${state} ${Math.floor(Date.parse(time) / 1000)}`] as const,
          ),
        ),
    ),
  );
}

t.test('alerts keep firing when the replica that evaluates them fails', { skip }, async (t) => {
  const [backends, redis] = await Promise.all([startBackends(t), startRedis(t)]);
  const { log, alertmanager } = backends;
  const proxies = { a: await startTcpProxy(t, redis.port), b: await startTcpProxy(t, redis.port) };
  const start = (name: 'a' | 'b'): Promise<PromfedProcess> =>
    startReplica(t, name, backends, {
      redis: { url: `redis://127.0.0.1:${proxies[name].port}` },
      lease_duration: '1s',
    });
  const [a, second] = await Promise.all([start('a'), start('b')]);
  let b = second;
  await untilShared([a, b]);
  await untilSent(log, ['a', 'b'], 0);
  await until(async () => (await firingAt(alertmanager)).length === 2 * GROUPS.length, 'all alerts');
  const firing = await firingAt(alertmanager);
  const active = await activeAt([a, b]);
  t.equal(active.size, 2 * GROUPS.length);
  const evaluators = new Set((await groupsOf(a)).map(({ evaluatedBy }) => evaluatedBy));
  t.equal(evaluators.size, 2, 'each replica lists all groups with their evaluators');

  // Frozen: the other one takes over. The frozen one sends nothing more when it continues.
  a.child.kill('SIGSTOP');
  await untilShared([b], false);
  await untilSent(log, ['b'], Date.now());
  t.strictSame(await activeAt([b]), active, 'no alert pends again');
  a.child.kill('SIGCONT');
  await untilShared([a, b]);

  // Killed.
  b.child.kill('SIGKILL');
  await untilShared([a], false);
  await untilSent(log, ['a'], Date.now());
  t.strictSame(await activeAt([a]), active);
  b = await start('b');
  await untilShared([a, b]);

  // Cut off from Redis.
  proxies.b.cut();
  await until(
    async () => (await groupsOf(b)).every(({ evaluatedBy }) => evaluatedBy === ''),
    'the end of the leases',
  );
  await untilShared([a], false);
  t.match(b.output(), /"store":"redis 127\.0\.0\.1:\d+".*rules are not evaluated: the leases have ended/);
  proxies.b.heal();
  await untilShared([a, b]);

  // Stopped: the groups are handed over before the process ends.
  a.child.kill('SIGTERM');
  t.equal(await a.ended, 0);
  await untilShared([b], false);
  t.strictSame(await activeAt([b]), active);
  t.strictSame(await firingAt(alertmanager), firing, 'no alert was resolved or fired again');
  t.strictSame(problemsOf(log), []);
  t.equal(await evaluatedCount(b), GROUPS.length);
});

t.test('a replica takes and releases groups by a Lease', { skip }, async (t) => {
  const [backends, api] = await Promise.all([startBackends(t), startLeaseApi(t)]);
  const lease = { api_server: api.url, namespace: 'monitoring' };
  const replica = await startReplica(t, 'a', backends, { kubernetes_lease: lease, lease_duration: '5s' });
  await untilShared([replica]);
  const { spec } = api.leases.get('monitoring/promfed-rules')!;
  t.match(spec.holderIdentity, new RegExp(`^${hostname()}_[0-9a-f]{8}$`));
  replica.child.kill('SIGTERM');
  t.equal(await replica.ended, 0);
  t.equal(api.leases.get('monitoring/promfed-rules')!.spec.holderIdentity, null);
});

t.test('inside a cluster the service account is needed', { skip }, async (t) => {
  const backends = await startBackends(t);
  process.env['KUBERNETES_SERVICE_HOST'] = '127.0.0.1';
  t.teardown(() => {
    delete process.env['KUBERNETES_SERVICE_HOST'];
  });
  await t.rejects(startReplica(t, 'a', backends, { kubernetes_lease: {} }), {
    message:
      /rules\.election\.kubernetes_lease: \/var\/run\/secrets\/kubernetes\.io\/serviceaccount\/namespace does not exist/,
  });
});

const faults = randomRuns(0);
if (faults > 0) {
  t.test('alerts keep firing with random faults', { skip }, (t) => injectRandomFaults(t, faults));
}
