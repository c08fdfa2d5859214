// The end of promfed on a signal, with clients of all kinds connected.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { getRequest, postRequest, RawClient } from '../helpers/clients/raw-client.js';
import { buildPromfed, startPromfedProcess, type PromfedProcess } from '../helpers/promfed/process.js';
import { neverEnds, startFaultServer, type Fault } from '../helpers/upstreams/fault-server.js';
import { until } from '../helpers/until.js';

const LONG = '--http.shutdown-timeout=1h';

t.before(buildPromfed);

/** A promfed over a region. */
async function start(t: Test, fault: Fault, ...flags: string[]): Promise<PromfedProcess> {
  const region = await startFaultServer(fault);
  t.teardown(() => region.close());
  const groups = `promxy: { server_groups: [{ static_configs: [{ targets: ["${region.target}"] }] }] }`;
  const directory = t.testdir({ 'config.yaml': groups });
  return startPromfedProcess(t, `--config=${join(directory, 'config.yaml')}`, ...flags);
}

const endless = neverEnds(
  '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"n":"0"},"values":[[1,"1"]]}',
  (i) => `,{"metric":{"n":"${i + 1}"},"values":[[1,"1"]]}`,
);

/** Clients without a complete request: silent, idle, in the middle of headers, and of a body. */
async function unusedConnections(t: Test, url: string): Promise<readonly RawClient[]> {
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(t, url)));
  const [idle, headers, body] = clients;
  for (const client of clients) client.read();
  idle!.write(getRequest('/-/healthy'));
  headers!.write('GET /-/healthy HTTP/1.1\r\nHost:');
  body!.write(postRequest('/api/v1/query', 1000) + 'query=');
  await idle!.untilStatus(200);
  return clients;
}

for (const workers of [1, 2]) {
  const flag = `--workers=${workers}`;

  t.test(`connections without a request do not delay the end (${flag})`, async (t) => {
    const promfed = await start(t, endless, flag, LONG);
    const clients = await unusedConnections(t, promfed.url);
    promfed.child.kill('SIGTERM');
    t.equal(await promfed.ended, 0);
    await Promise.all(clients.map((client) => client.untilClosed()));
  });

  t.test(`a running request is answered, then promfed ends (${flag})`, async (t) => {
    let answer: (() => void) | undefined;
    const promfed = await start(
      t,
      (response) => {
        answer = () => response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
      },
      flag,
      LONG,
    );
    const client = get(`${promfed.url}api/v1/query?query=up`);
    await until(() => answer !== undefined, 'the request to run');
    const silent = await RawClient.connect(t, promfed.url);
    silent.read();
    promfed.child.kill('SIGTERM');
    await silent.untilClosed();
    answer!();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    t.equal(response.statusCode, 200);
    t.equal(response.headers.connection, 'close');
    response.resume();
    t.equal(await promfed.ended, 0);
  });

  t.test(`--http.shutdown-timeout ends answers that are not read (${flag})`, async (t) => {
    const promfed = await start(t, endless, flag, '--http.shutdown-timeout=100ms');
    const client = await RawClient.connect(t, promfed.url);
    client.write(getRequest('/api/v1/query_range?query=up&start=1&end=2&step=1'));
    await until(async () => {
      const metrics = await (await fetch(`${promfed.url}metrics`)).text();
      return metrics.includes('promfed_queries_in_flight 1\n');
    }, 'the query to run');
    promfed.child.kill('SIGTERM');
    t.equal(await promfed.ended, 0);
  });

  t.test(`a second signal ends promfed at once (${flag})`, async (t) => {
    let isRunning = false;
    const promfed = await start(t, () => (isRunning = true), flag, LONG);
    const client = await RawClient.connect(t, promfed.url);
    client.write(getRequest('/api/v1/query?query=up'));
    await until(() => isRunning, 'the query to run');
    promfed.child.kill('SIGTERM');
    // Signals of the first second count as one.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    t.equal(promfed.child.exitCode, null);
    promfed.child.kill('SIGTERM');
    t.equal(await promfed.ended, 1);
  });
}
