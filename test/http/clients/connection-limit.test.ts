// The limit on connections: which one makes room for a new one, and what a client gets if none does.

import t, { type Test } from 'tap';

import type { Server } from '../../../src/server/index.js';
import { metricOf } from '../../helpers/clients/metric-of.js';
import { getRequest, RawClient } from '../../helpers/clients/raw-client.js';
import { startPromfed } from '../../helpers/promfed/promfed.js';
import { startFaultServer, staysSilent } from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';

const LIMITS = { maxConnections: 4, checkMs: 20, contendedIdleMs: 0 };

/** A server over a region that never answers. */
async function startOverSilence(t: Test): Promise<Server> {
  const region = await startFaultServer(staysSilent);
  t.teardown(() => region.close());
  const yaml = `promxy: { server_groups: [{ static_configs: [{ targets: ["${region.target}"] }] }] }`;
  return startPromfed(t, yaml, { clientLimits: { ...LIMITS, shutdownMs: 0 } });
}

async function connected(t: Test, server: Server, count: number): Promise<readonly RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) clients.push((await RawClient.connect(t, server.url)).read());
  return clients;
}

t.test('a new connection takes the place of the one that is idle for the longest time', async (t) => {
  const server = await startPromfed(t, 'promxy: { server_groups: }\n', { clientLimits: LIMITS });
  const clients = await connected(t, server, 4);
  for (const client of clients) {
    client.write(getRequest('/-/healthy'));
    await client.untilStatus(200);
  }
  const [next] = await connected(t, server, 1);
  next!.write(getRequest('/api/v1/query?query=1'));
  await next!.untilStatus(200);
  await clients[0]!.untilClosed();
  t.same(
    clients.map(({ isClosed }) => isClosed),
    [true, false, false, false],
  );
});

t.test('connections that were used a moment ago are kept when many new ones arrive', async (t) => {
  const server = await startPromfed(t, 'promxy: { server_groups: }\n', {
    clientLimits: { ...LIMITS, contendedIdleMs: 60_000 },
  });
  const clients = await connected(t, server, 4);
  for (const client of clients) {
    client.write(getRequest('/api/v1/query?query=1'));
    await client.untilStatus(200);
  }
  const flood = await connected(t, server, 100);
  await until(() => flood.some(({ isClosed }) => isClosed), 'the flood to reach the limit');
  for (const client of clients) client.write(getRequest('/api/v1/query?query=2'));
  for (const client of clients) await until(() => client.received.includes('"2"'), 'the second answer');
});

t.test('a connection without a complete request is closed before an idle one', async (t) => {
  const server = await startPromfed(t, 'promxy: { server_groups: }\n', {
    clientLimits: { ...LIMITS, silentMs: 0 },
  });
  const [used, ...others] = await connected(t, server, 4);
  used!.write(getRequest('/-/healthy'));
  await used!.untilStatus(200);
  others[0]!.write('GET /-/healthy HTTP/1.1\r\nHo');
  const next = await connected(t, server, 2);
  for (const client of next) {
    client.write(getRequest('/-/healthy'));
    await client.untilStatus(200);
  }
  await Promise.all([others[0]!.untilClosed(), others[1]!.untilClosed()]);
  t.same([used!.isClosed, others[2]!.isClosed], [false, false]);
});

t.test('when all connections are in use, others get a 503 and health checks are answered', async (t) => {
  const server = await startOverSilence(t);
  const busy = await connected(t, server, 4);
  for (const client of busy) client.write(getRequest('/api/v1/query?query=up'));
  // The last request needs a moment to arrive.
  await until(async () => {
    const [next] = await connected(t, server, 1);
    next!.write(getRequest('/api/v1/query?query=1'));
    await until(() => next!.status !== undefined, 'the response');
    if (next!.status === 200) return false;
    await next!.untilStatus(503);
    await next!.untilClosed();
    t.match(next!.received, /too many connections: the limit is 4 \(--web.max-connections\)/);
    t.match(next!.received, /retry-after: 2/i);
    return true;
  }, 'the limit');
  const [probe] = await connected(t, server, 1);
  probe!.write(getRequest('/-/healthy'));
  await probe!.untilStatus(200);
  t.same(
    busy.map(({ isClosed }) => isClosed),
    [false, false, false, false],
  );
  probe!.socket.destroy();
  busy[0]!.socket.destroy();
  await until(async () => (await metricOf(server, 'promfed_http_connections')) <= 4, 'room');
});

t.test('connections beyond the limit are bounded, and a health check gets through', async (t) => {
  const server = await startOverSilence(t);
  const busy = await connected(t, server, 4);
  for (const client of busy) client.write(getRequest('/api/v1/query?query=up'));
  const flood = await connected(t, server, 200);
  const [probe] = await connected(t, server, 1);
  probe!.write(getRequest('/-/healthy'));
  await probe!.untilStatus(200);
  const open = [...busy, ...flood].filter(({ isClosed }) => !isClosed).length;
  t.ok(open <= 36, `${open} connections are open`);
});
