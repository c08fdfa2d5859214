// Request headers and bodies: their size, the time that they take, and the memory that they count for.

import t from 'tap';

import { maxHeaderBytes } from '../../../src/http/clients/client-limits.js';
import { metricOf } from '../../helpers/clients/metric-of.js';
import { getRequest, postRequest, RawClient } from '../../helpers/clients/raw-client.js';
import { api, startPromfed } from '../../helpers/promfed/promfed.js';
import { startFaultServer, staysSilent } from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';

const EMPTY = 'promxy: { server_groups: }\n';
const MB = 2 ** 20;

const held = (server: { readonly url: string }): Promise<number> =>
  metricOf(server, 'promfed_memory_held_bytes');

t.test('a body counts for memory from its first byte, until its request has ended', async (t) => {
  const server = await startPromfed(t, EMPTY, { memory: { budgetBytes: 64 * MB, perQueryBytes: 8 * MB } });
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(t, server.url)));
  const half = `query=vector(1)${'+'.repeat(MB - 100_000)}`;
  for (const client of clients) client.read().write(postRequest('/api/v1/query', MB) + half);
  await until(async () => (await held(server)) > 10 * MB, 'the bodies to be counted');
  const next = await RawClient.connect(t, server.url);
  next.read().write(postRequest('/api/v1/query', 9 * MB) + 'x'.repeat(9 * MB));
  await next.untilStatus(503);
  t.match(next.received, /retry-after: 2\r\n/i);
  t.match(next.received, /process memory limit exceeded: .* raise --memory/);
  for (const client of clients) client.write('+'.repeat(MB - half.length));
  await Promise.all(clients.map((client) => client.untilStatus(200)));
  next.socket.destroy();
  await until(async () => (await held(server)) === 0, 'the memory to be free');
  t.equal(await metricOf(server, 'promfed_queries_refused_total{reason="process_memory"}'), 1);
});

t.test('a long URL counts for memory', async (t) => {
  const server = await startPromfed(t, EMPTY, { memory: { budgetBytes: MB / 8, perQueryBytes: MB / 8 } });
  const client = await RawClient.connect(t, server.url);
  client.read().write(getRequest(`/-/healthy?${'x'.repeat(60_000)}`));
  await client.untilStatus(503);
  t.equal(await held(server), 0);
});

t.test('a body that does not arrive in time is answered with 408', async (t) => {
  const server = await startPromfed(t, EMPTY, { clientLimits: { bodyMs: 200, checkMs: 20 } });
  const client = await RawClient.connect(t, server.url);
  client.read().write(postRequest('/api/v1/query', 100));
  const timer = setInterval(() => client.write('q'), 30); // it trickles
  t.teardown(() => {
    clearInterval(timer);
  });
  await client.untilStatus(408);
  await client.untilClosed();
  t.match(client.received, /"error":"the request body did not arrive in time"/);
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="body_timeout"}'), 1);
});

t.test('large bodies leave most of the budget to queries', async (t) => {
  const server = await startPromfed(t, EMPTY, { memory: { budgetBytes: 64 * MB, perQueryBytes: 8 * MB } });
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(t, server.url)));
  for (const client of clients)
    client.read().write(postRequest('/api/v1/query', 9 * MB) + 'x'.repeat(6 * MB));
  await Promise.all(clients.map((client) => client.untilStatus(503)));
  t.ok((await held(server)) <= 16 * MB);
  const small = await RawClient.connect(t, server.url);
  small.read().write(`${postRequest('/api/v1/query', 15)}query=vector(1)`);
  await small.untilStatus(200);
});

t.test('slow bodies make room for other requests', async (t) => {
  const server = await startPromfed(t, EMPTY, {
    memory: { budgetBytes: 16 * MB, perQueryBytes: 16 * MB },
    clientLimits: { contendedStallMs: 100, checkMs: 20 },
  });
  const clients = await Promise.all(Array.from({ length: 66 }, () => RawClient.connect(t, server.url)));
  for (const client of clients)
    client.read().write(postRequest('/api/v1/query', 9 * MB) + 'x'.repeat(80_000));
  await until(async () => (await held(server)) > 14 * MB, 'the bodies to be counted');
  const { httpStatus } = await api(server.url, '/api/v1/query', { query: 'vector(1)' });
  t.equal(httpStatus, 200);
});

t.test('headers that do not arrive in time are answered with 408, also after another request', async (t) => {
  const server = await startPromfed(t, EMPTY, { clientLimits: { headersMs: 200, checkMs: 20 } });
  for (const before of ['', getRequest('/-/healthy')]) {
    const client = await RawClient.connect(t, server.url);
    client.read().write(before);
    if (before !== '') await client.untilStatus(200);
    client.write('GET /-/healthy HTTP/1.1\r\n');
    await client.untilClosed();
    t.match(client.received, /HTTP\/1\.1 408 Request Timeout\r\n/);
  }
  const silent = await RawClient.connect(t, server.url);
  silent.read();
  await silent.untilClosed();
  t.equal(silent.received, '', 'a client that has sent nothing gets nothing');
});

t.test('incomplete headers of many clients are bounded', async (t) => {
  const server = await startPromfed(t, EMPTY, {
    memory: { budgetBytes: MB, perQueryBytes: MB },
    clientLimits: { checkMs: 20 },
  });
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(t, server.url)));
  for (const client of clients) client.read().write(`GET /?${'x'.repeat(50_000)}`);
  await until(() => clients.filter(({ isClosed }) => isClosed).length === 6, 'the oldest to be closed');
  t.same(
    clients.map(({ isClosed }) => isClosed),
    [true, true, true, true, true, true, false, false],
  );
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="incomplete_headers"}'), 6);
});

t.test('a body is rejected where none is expected, unless it is small', async (t) => {
  const server = await startPromfed(t, EMPTY, { lifecycleEnabled: false });
  const send = async (method: string, path: string, bytes: number): Promise<number> => {
    const body = Buffer.alloc(bytes, 'x');
    const client = await RawClient.connect(t, server.url);
    const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: text/odd\r\n`;
    client.read().write(`${head}Content-Length: ${bytes}\r\n\r\n${body.toString()}`);
    await until(() => client.status !== undefined, 'the response');
    return client.status!;
  };
  for (const [method, path, status] of [
    ['POST', '/-/reload', 403],
    ['PUT', '/-/reload', 403],
    ['POST', '/-/healthy', 405],
    ['POST', '/nothing', 404],
    ['DELETE', '/api/v1/query', 405],
    ['GET', '/-/healthy', 200],
    ['GET', '/api/v1/query?query=1', 200],
  ] as const) {
    t.equal(await send(method, path, 1000), status, `${method} ${path}`);
    t.equal(await send(method, path, 100_000), 413, `${method} ${path} with a large body`);
  }
  t.equal(await send('POST', '/api/v1/query?query=1', 100_000), 200);
});

t.test('a body without an end is cut at its limit, and the connection is closed', async (t) => {
  const server = await startPromfed(t, EMPTY, { clientLimits: { lingerMs: 200, checkMs: 20 } });
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  for (const [method, status] of [
    ['POST', 413],
    ['GET', 200],
  ] as const) {
    const client = await RawClient.connect(t, server.url);
    client.read();
    client.write(`${method} /api/v1/query?query=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const timer = setInterval(() => client.write(chunk.repeat(16)), 5);
    await client.untilStatus(status);
    await client.untilClosed();
    clearInterval(timer);
  }
  t.equal(await held(server), 0);
});

t.test(
  'a client that waits for 100 Continue is answered before it sends a body that is too large',
  async (t) => {
    const server = await startPromfed(t, EMPTY);
    const expects = 'Expect: 100-continue\r\n';
    const large = await RawClient.connect(t, server.url);
    large.read().write(postRequest('/api/v1/query', 11 * MB, expects));
    await large.untilStatus(413);
    await large.untilClosed();
    const small = await RawClient.connect(t, server.url);
    small.read().write(postRequest('/api/v1/query', 7, expects));
    await small.untilStatus(100);
    small.write('query=1' + getRequest('/-/healthy'));
    await until(() => small.received.includes('promfed is Healthy'), 'the connection to be used again');
    t.match(small.received, /HTTP\/1\.1 200 OK/);
  },
);

t.test('requests of one connection are answered one after another, and few of them wait', async (t) => {
  const server = await startPromfed(t, EMPTY);
  const client = await RawClient.connect(t, server.url);
  client.read().write(getRequest('/api/v1/query?query=1') + getRequest('/-/healthy').repeat(9));
  await until(() => client.received.split('HTTP/1.1 200 OK').length === 11, 'ten responses');
  t.match(client.received, /^HTTP[^{]*\{"status":"success"/);
  const flood = await RawClient.connect(t, server.url);
  flood.read().write(getRequest('/-/healthy').repeat(1000));
  await flood.untilClosed();
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="pipelining"}'), 1);
  const handled = await metricOf(server, 'promfed_http_requests_total{handler="/-/healthy",code="200"}');
  t.ok(handled <= 9 + 17, `${handled} requests were handled`);
});

t.test('requests that wait for an earlier one count for memory', async (t) => {
  const region = await startFaultServer(staysSilent);
  t.teardown(() => region.close());
  const yaml = `promxy: { server_groups: [{ static_configs: [{ targets: ["${region.target}"] }] }] }`;
  const server = await startPromfed(t, yaml, { memory: { budgetBytes: 16 * MB, perQueryBytes: 8 * MB } });
  const waiting = getRequest(`/-/healthy?${'x'.repeat(8_000)}`).repeat(10);
  const pipelined = getRequest('/api/v1/query?query=up') + waiting;
  const clients = await Promise.all(Array.from({ length: 64 }, () => RawClient.connect(t, server.url)));
  for (const client of clients) client.read().write(pipelined);
  await until(() => clients.some(({ isClosed }) => isClosed), 'connections without room to be closed');
  t.ok((await held(server)) > 8 * MB);
  for (const client of clients) client.socket.destroy();
  await until(async () => (await held(server)) === 0, 'the memory to be free');
  const long = await RawClient.connect(t, server.url);
  long.read().write(getRequest('/api/v1/query?query=up') + getRequest(`/-/healthy?${'x'.repeat(9_000)}`));
  await long.untilClosed();
});

t.test('the size of headers is limited by the memory that all connections may take', (t) => {
  t.equal(maxHeaderBytes(512), 256 << 10);
  t.equal(maxHeaderBytes(512, 912 * MB), 256 << 10);
  t.equal(maxHeaderBytes(512, 300 * MB), 144_564);
  t.equal(maxHeaderBytes(512, 16 * MB), 64 << 10);
  t.end();
});

t.test('ambiguous requests are rejected with 400', async (t) => {
  const server = await startPromfed(t, EMPTY);
  const head = 'POST /api/v1/query HTTP/1.1\r\n';
  for (const text of [
    'GET /-/healthy HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET /-/healthy HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n',
    'GET /-/healthy HTTP/1.1\r\n\r\n',
    `${head}Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
    `${head}Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx`,
    `${head}Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ]) {
    const client = await RawClient.connect(t, server.url);
    client.read().write(text);
    await client.untilStatus(400);
    await client.untilClosed();
    t.match(client.received, /connection: close/i, text);
  }
});
