// The record in a Lease, against a double of the API.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

import type { KubernetesElectionSettings } from '../../../src/config/index.js';
import { KubernetesStore } from '../../../src/rules/election/kubernetes-store.js';
import { createTimers, NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { startLeaseApi } from '../../helpers/rules/election/lease-api.js';
import { until } from '../../helpers/until.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../helpers/upstreams/tls-certificate.js';

const TIMEOUT_MS = 60_000;
const SUMMARY = { members: ['a_1', 'b_2'], leaseMs: 3_750, transitions: 7 };
const KEY = 'monitoring/promfed-rules';

interface Options {
  readonly settings?: Partial<KubernetesElectionSettings>;
  readonly cluster?: { readonly apiServer: string; readonly serviceAccount: string };
}

const NO_TLS = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
  minVersion: undefined,
  maxVersion: undefined,
};

function storeOf(t: Test, { settings = {}, cluster }: Options): KubernetesStore {
  const store = new KubernetesStore(
    {
      kind: 'kubernetes_lease',
      name: 'promfed-rules',
      namespace: 'monitoring',
      apiServer: undefined,
      headers: [],
      httpClient: { dialTimeoutMs: 5_000, authentication: undefined, tls: NO_TLS },
      ...settings,
    },
    { cluster, version: '1.2.3', background: { timers: createTimers(systemClock), log: NO_LOG } },
  );
  t.teardown(() => store.close());
  return store;
}

t.test('a write replaces exactly the Lease that was read', async (t) => {
  const api = await startLeaseApi(t);
  const [a, b] = [1, 2].map(() => storeOf(t, { settings: { apiServer: api.url } }));
  const empty = await a!.read(TIMEOUT_MS);
  t.strictSame(empty, { text: undefined, version: '' });
  t.equal(await a!.write('one', empty.version, SUMMARY, TIMEOUT_MS), true);
  t.equal(await b!.write('two', empty.version, SUMMARY, TIMEOUT_MS), false, 'it was created meanwhile');
  const one = await b!.read(TIMEOUT_MS);
  t.equal(one.text, 'one');
  t.equal(await b!.write('two', one.version, SUMMARY, TIMEOUT_MS), true);
  t.equal(await a!.write('three', one.version, SUMMARY, TIMEOUT_MS), false, 'it was replaced meanwhile');
  const two = await a!.read(TIMEOUT_MS);
  t.equal(two.text, 'two');
  api.leases.clear();
  t.equal(await a!.write('three', two.version, SUMMARY, TIMEOUT_MS), false, 'it was deleted meanwhile');
});

t.test('the Lease shows the replicas, and keeps what others have set', async (t) => {
  const api = await startLeaseApi(t);
  const store = storeOf(t, { settings: { apiServer: api.url } });
  const write = async (text: string, members: readonly string[]): Promise<void> => {
    const { version } = await store.read(TIMEOUT_MS);
    t.equal(await store.write(text, version, { ...SUMMARY, members }, TIMEOUT_MS), true);
  };
  await write('one', ['a_1', 'b_2']);
  const created = api.leases.get(KEY)!;
  t.match(created.spec, { holderIdentity: 'a_1, b_2', leaseDurationSeconds: 4, leaseTransitions: 7 });
  api.leases.set(KEY, {
    ...created,
    metadata: { ...created.metadata, labels: { team: 'x' }, annotations: { note: 'kept' } },
  });
  t.equal(
    (await store.read(TIMEOUT_MS)).text,
    undefined,
    'a Lease without a record, such as one that was created by hand',
  );
  await write('two', []);
  const { metadata, spec } = api.leases.get(KEY)!;
  t.strictSame(metadata.labels, { team: 'x' });
  t.strictSame(metadata.annotations, { note: 'kept', 'promfed.io/rule-election': 'two' });
  t.equal(spec.holderIdentity, null);
  t.equal(spec.acquireTime, created.spec.acquireTime);
});

t.test('inside a cluster the service account is used, and its token is read again', async (t) => {
  const api = await startLeaseApi(t, { cert: TEST_CERTIFICATE, key: TEST_KEY });
  const serviceAccount = t.testdir({
    token: 'first\n',
    namespace: 'monitoring\n',
    'ca.crt': TEST_CERTIFICATE,
  });
  api.token = 'first';
  const store = storeOf(t, {
    settings: {
      namespace: undefined,
      httpClient: {
        dialTimeoutMs: 5_000,
        authentication: undefined,
        // The name in the certificate of the test.
        tls: { ...NO_TLS, serverName: 'region.example' },
      },
    },
    cluster: { apiServer: api.url, serviceAccount },
  });
  t.equal(store.title, 'lease monitoring/promfed-rules');
  t.equal((await store.read(TIMEOUT_MS)).version, '');
  writeFileSync(join(serviceAccount, 'token'), 'second\n');
  api.token = 'second';
  // A check of the file that began before it changed ends first.
  const isAccepted = (): Promise<boolean> =>
    store.read(TIMEOUT_MS).then(
      () => true,
      () => false,
    );
  await until(isAccepted, 'the new token');
});

t.test('failures name the Lease and what to change', async (t) => {
  const api = await startLeaseApi(t);
  const store = storeOf(t, { settings: { apiServer: api.url } });
  api.isForbidden = true;
  await t.rejects(store.read(TIMEOUT_MS), {
    message:
      'lease monitoring/promfed-rules: HTTP 403: leases is forbidden; allow get, create and update of leases in a Role',
  });
  api.isForbidden = false;
  api.token = 'other';
  await t.rejects(store.read(TIMEOUT_MS), {
    message: 'lease monitoring/promfed-rules: HTTP 401: Unauthorized',
  });
  t.throws(() => storeOf(t, {}), {
    message:
      'rules.election.kubernetes_lease: promfed does not run in a cluster (KUBERNETES_SERVICE_HOST is not set); set api_server',
  });
  t.throws(() => storeOf(t, { settings: { apiServer: api.url, namespace: undefined } }), {
    message: 'rules.election.kubernetes_lease: namespace is not set',
  });
  const cluster = { apiServer: api.url, serviceAccount: t.testdir({}) };
  t.throws(() => storeOf(t, { cluster }), { message: /kubernetes_lease: .*\/token does not exist/ });
});
