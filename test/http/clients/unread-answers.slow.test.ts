// Clients that stop reading: they are closed, and do not hold up others.

import t, { type Test } from 'tap';

import type { Server } from '../../../src/server/index.js';
import { getRequest, postRequest, RawClient } from '../../helpers/clients/raw-client.js';
import { metricOf } from '../../helpers/clients/metric-of.js';
import { api, startPromfed, type PromfedOptions } from '../../helpers/promfed/promfed.js';
import { neverEnds, startFaultServer } from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';

const MB = 2 ** 20;

/** An endless answer of series, and one of 6 MB of label values. */
async function endlessRegion(t: Test): Promise<string> {
  const values = Array.from({ length: 200_000 }, (_, i) => `value-with-some-length-${i}`);
  const labelValues = JSON.stringify({ status: 'success', data: values });
  const series = neverEnds(
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"n":"0"},"values":[[1,"1"]]}',
    (i) => `,{"metric":{"n":"${i + 1}"},"values":[${'[1,"1"],'.repeat(9)}[1,"1"]]}`,
  );
  const region = await startFaultServer((response, socket, request) => {
    if (request.path.includes('/label/')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(labelValues);
    } else series(response, socket, request);
  });
  t.teardown(() => region.close());
  return `promxy: { server_groups: [{ static_configs: [{ targets: ["${region.target}"] }] }] }`;
}

const STREAM = '/api/v1/query_range?query=wide&start=1&end=2&step=1';

async function stuckClients(
  t: Test,
  server: Server,
  count: number,
  path: string,
): Promise<readonly RawClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(t, server.url)));
  for (const client of clients) client.write(getRequest(path));
  return clients;
}

function start(t: Test, yaml: string, options: PromfedOptions): Promise<Server> {
  return startPromfed(t, yaml, options);
}

t.test('a client that accepts nothing for some time is closed, and its query ends', async (t) => {
  const lines: string[] = [];
  const server = await start(t, await endlessRegion(t), {
    clientLimits: { stallMs: 300, checkMs: 50 },
    onLog: (line) => lines.push(line),
  });
  const [client] = await stuckClients(t, server, 1, STREAM);
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 1, 'the query to run');
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 0, 'the query to end');
  client!.read();
  await client!.untilClosed();
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="no_progress"}'), 1);
  t.equal(await metricOf(server, 'promfed_memory_held_bytes'), 0);
  t.ok(
    lines.some((line) => line.includes('"reason":"no_progress","path":"/api/v1/query_range"')),
    'the log has the reason',
  );
});

t.test('a client that reads slowly gets its whole answer', async (t) => {
  const server = await start(t, await endlessRegion(t), { clientLimits: { stallMs: 1000, checkMs: 50 } });
  const client = await RawClient.connect(t, server.url);
  client.write(getRequest('/api/v1/label/n/values'));
  let bytes = 0;
  const timer = setInterval(() => {
    const chunk = client.socket.read() as Buffer | null;
    if (chunk !== null) bytes += chunk.length;
  }, 10);
  t.teardown(() => {
    clearInterval(timer);
  });
  client.socket.on('readable', () => undefined);
  await until(() => bytes > 5_500_000, 'the whole answer');
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="no_progress"}'), 0);
});

t.test('the deadline of a query includes the delivery of its answer', async (t) => {
  const server = await start(t, await endlessRegion(t), { clientLimits: { checkMs: 50 } });
  const [client] = await stuckClients(t, server, 1, `${STREAM}&timeout=3s`);
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 1, 'the query to run');
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 0, 'the query to end');
  client!.read();
  await client!.untilClosed();
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="deadline"}'), 1);
});

t.test('clients that stop reading do not lock out others', async (t) => {
  const server = await start(t, await endlessRegion(t), {
    memory: { budgetBytes: 24 * MB, perQueryBytes: 12 * MB },
    clientLimits: { contendedStallMs: 200, checkMs: 50 },
  });
  await stuckClients(t, server, 14, STREAM);
  await until(async () => (await metricOf(server, 'promfed_queries_queued')) > 0, 'queries to wait');
  const { data } = await api(server.url, '/api/v1/query', { query: 'vector(1)' });
  t.equal(data?.result.length, 1);
  t.ok((await metricOf(server, 'promfed_http_connections_closed_total{reason="contention"}')) > 0);
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="no_progress"}'), 0);
});

t.test('while no request waits, a client may pause', async (t) => {
  const server = await start(t, await endlessRegion(t), {
    clientLimits: { contendedStallMs: 100, checkMs: 20 },
  });
  const [client] = await stuckClients(t, server, 1, STREAM);
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 1, 'the query to run');
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.equal(await metricOf(server, 'promfed_queries_in_flight'), 1);
  client!.read();
  await until(() => client!.received.length > 10 * MB, 'more of the answer');
});

t.test('a client that does not read its label values leaves its slot to others', async (t) => {
  const server = await start(t, await endlessRegion(t), {
    maxConcurrency: 1,
    clientLimits: { contendedStallMs: 200, checkMs: 50 },
  });
  await stuckClients(t, server, 1, '/api/v1/label/n/values');
  await until(async () => (await metricOf(server, 'promfed_queries_in_flight')) === 1, 'the request to run');
  const { httpStatus } = await api(server.url, '/api/v1/label/n/values');
  t.equal(httpStatus, 200);
  t.equal(await metricOf(server, 'promfed_http_connections_closed_total{reason="contention"}'), 1);
});

t.test('an unread answer that is sent whole ends as well', async (t) => {
  const server = await start(t, await endlessRegion(t), { clientLimits: { stallMs: 300, checkMs: 50 } });
  const body = `query="${'x'.repeat(MB - 10)}"`;
  const client = await RawClient.connect(t, server.url);
  // Together they exceed the buffers of the connection.
  client.write((postRequest('/api/v1/format_query', body.length) + body).repeat(14));
  await until(
    async () => (await metricOf(server, 'promfed_http_connections_closed_total{reason="no_progress"}')) === 1,
    'the connection to be closed',
  );
  t.equal(await metricOf(server, 'promfed_memory_held_bytes'), 0);
});
