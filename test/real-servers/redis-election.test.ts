// The store of the election in a real Redis.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import type { RedisElectionSettings } from '../../src/config/index.js';
import { RedisStore } from '../../src/rules/election/redis-store.js';
import { createTimers, systemClock } from '../../src/runtime/index.js';
import { withoutRealServers, type Teardown } from '../helpers/real-servers/real-servers.js';
import { startRedis } from '../helpers/real-servers/redis.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../helpers/upstreams/tls-certificate.js';
import { startTcpProxy } from '../helpers/upstreams/tcp-proxy.js';

const skip = withoutRealServers();
const timers = createTimers(systemClock);
const SUMMARY = { members: ['a'], leaseMs: 3_000, transitions: 0 };
const TIMEOUT_MS = 60_000;

function storeOf(t: Teardown, port: number, changes: Partial<RedisElectionSettings> = {}): RedisStore {
  const settings: RedisElectionSettings = {
    kind: 'redis',
    name: 'promfed-rules',
    host: '127.0.0.1',
    port,
    database: 0,
    username: undefined,
    password: undefined,
    tls: undefined,
    ...changes,
  };
  const store = new RedisStore(settings, timers);
  t.teardown(() => store.close());
  return store;
}

t.test('a write replaces exactly the record that was read', { skip }, async (t) => {
  const redis = await startRedis(t);
  const [a, b] = [storeOf(t, redis.port), storeOf(t, redis.port)];
  const empty = await a.read(TIMEOUT_MS);
  t.equal(empty.text, undefined);
  t.equal(await a.write('one', empty.version, SUMMARY, TIMEOUT_MS), true);
  t.equal(await b.write('two', empty.version, SUMMARY, TIMEOUT_MS), false, 'another replica was faster');
  const one = await b.read(TIMEOUT_MS);
  t.equal(one.text, 'one');
  t.equal(await b.write('two ✓', one.version, SUMMARY, TIMEOUT_MS), true);
  t.equal(await a.write('three', one.version, SUMMARY, TIMEOUT_MS), false);
  t.equal((await a.read(TIMEOUT_MS)).text, 'two ✓');
  const other = storeOf(t, redis.port, { database: 3 });
  t.equal((await other.read(TIMEOUT_MS)).text, undefined, 'another database has another record');
});

t.test('the password is read from its file for each connection', { skip }, async (t) => {
  const redis = await startRedis(t, { password: 'right' });
  const file = join(redis.directory, 'password');
  writeFileSync(file, 'wrong\n');
  const store = storeOf(t, redis.port, { password: { value: 'wrong', file } });
  await t.rejects(store.read(TIMEOUT_MS), { message: /^redis 127\.0\.0\.1:\d+: .*(WRONGPASS|invalid)/ });
  writeFileSync(file, 'right\n');
  t.equal((await store.read(TIMEOUT_MS)).text, undefined);
});

t.test(
  'a server that does not answer fails the request, and the next one uses a new connection',
  { skip },
  async (t) => {
    const redis = await startRedis(t);
    const proxy = await startTcpProxy(t, redis.port);
    const store = storeOf(t, proxy.port);
    await store.read(TIMEOUT_MS);
    proxy.cut();
    await t.rejects(store.read(50), { message: /no reply within 50 ms/ });
    await t.rejects(store.read(50), { message: /no reply within 50 ms|Connection timeout/ });
    proxy.heal();
    t.equal((await store.read(TIMEOUT_MS)).text, undefined);
    await redis.kill();
    await t.rejects(store.read(TIMEOUT_MS), { code: 'upstream' });
    await redis.restart();
    t.equal((await store.read(TIMEOUT_MS)).text, undefined);
  },
);

t.test('a connection with TLS checks the certificate', { skip }, async (t) => {
  const folder = t.testdir({ 'cert.pem': TEST_CERTIFICATE, 'key.pem': TEST_KEY });
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const redis = await startRedis(t, { tls: files });
  const tls = {
    ca: TEST_CERTIFICATE,
    cert: undefined,
    key: undefined,
    serverName: 'region.example',
    insecureSkipVerify: false,
    minVersion: undefined,
    maxVersion: undefined,
  };
  t.equal((await storeOf(t, redis.port, { tls }).read(TIMEOUT_MS)).text, undefined);
  const unknown = storeOf(t, redis.port, { tls: { ...tls, ca: undefined } });
  await t.rejects(unknown.read(TIMEOUT_MS), { message: /^redis 127\.0\.0\.1:\d+: .*certificate/ });
  const other = storeOf(t, redis.port, { tls: { ...tls, serverName: 'other.example' } });
  await t.rejects(other.read(TIMEOUT_MS), { message: /other\.example/ });
  const plain = storeOf(t, redis.port);
  await t.rejects(plain.read(TIMEOUT_MS), { code: 'upstream' });
});
