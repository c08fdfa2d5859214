// Several processes behind one address: dist/main.js with --workers.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { until } from '../helpers/until.js';
import {
  buildPromfed,
  runPromfed,
  startPromfedProcess,
  type PromfedProcess,
} from '../helpers/promfed/process.js';
import { api } from '../helpers/promfed/promfed.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';
import { startFaultServer } from '../helpers/upstreams/fault-server.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-workers-'));
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Running extends PromfedProcess {
  workers(): number[];
}

async function start(t: Teardown, ...args: string[]): Promise<Running> {
  const promfed = await startPromfedProcess(t, ...args);
  return { ...promfed, workers: () => childrenOf(promfed.child.pid!) };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Returns the value of a sample in the text of `/metrics`. */
async function metric(url: string, sample: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? NaN);
}

/** Sends a request on a new connection, which may reach another worker. */
function send(url: string, path = '-/ready', method = 'GET'): Promise<Response> {
  return fetch(`${url}${path}`, { method, headers: { connection: 'close' } });
}

t.before(buildPromfed);

t.test('workers share an address, log it once, and end with the first signal', async (t) => {
  const promfed = await start(t, `--config=${file('empty.yaml', '')}`, '--workers=2');
  t.equal(promfed.workers().length, 2);
  t.equal(promfed.output().match(/promfed is ready/g)?.length, 1);
  for (let i = 0; i < 4; i++) t.equal((await send(promfed.url)).status, 200);
  const flags = await api<Record<string, string>>(promfed.url, '/api/v1/status/flags');
  t.equal(flags.data?.['workers'], '2');
  const workers = promfed.workers();
  for (const pid of workers) process.kill(pid, 'SIGINT');
  t.equal((await send(promfed.url)).status, 200, 'a signal to a worker alone is ignored');
  t.same(promfed.workers(), workers);
  promfed.child.kill('SIGTERM');
  t.equal(await promfed.ended, 0);
  for (const pid of workers) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

t.test('workers end with the supervisor', async (t) => {
  const promfed = await start(t, `--config=${file('empty.yaml', '')}`, '--workers=2');
  const workers = promfed.workers();
  promfed.child.kill('SIGKILL');
  t.equal(await promfed.ended, 'SIGKILL');
  await until(() => workers.every((pid) => !isAlive(pid)), 'the end of the workers');
});

/** Attempts at one request. Each connection fails once at most. */
const MAX_ATTEMPTS = 4;

t.test('a worker that is killed is replaced, and retried requests succeed', async (t) => {
  const promfed = await start(t, `--config=${file('empty.yaml', '')}`, '--workers=2');
  const before = promfed.workers();
  let failed = 0;
  let answered = 0;
  let isOver = false;
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      for (let attempt = 1; ; attempt++) {
        try {
          const answer = await api(promfed.url, '/api/v1/query', { query: 'vector(1)' });
          if (answer.data?.result.length !== 1) throw new TypeError('a wrong answer');
          answered++;
          break;
        } catch (error) {
          failed++;
          // A second attempt may take another connection to the same worker.
          if (attempt === MAX_ATTEMPTS) throw error;
        }
      }
    }
  });
  await until(() => answered > 200, 'some load');
  const counted = await metric(
    promfed.url,
    'promfed_http_requests_total{handler="/api/v1/query",code="200"}',
  );
  process.kill(before[0]!, 'SIGKILL');
  await until(() => promfed.output().includes('"msg":"worker is ready"'), 'the replacement');
  isOver = true;
  await Promise.all(clients);
  // Those of the clients and that of the metrics, which a client may use as well.
  const connections = clients.length + 1;
  t.ok(
    failed <= connections,
    `${failed} of ${answered} requests failed at first, at most one for each connection`,
  );
  t.match(promfed.output(), /"pid":\d+,"signal":"SIGKILL".*worker exited; restarting/);
  t.equal(promfed.workers().length, 2);
  t.notOk(promfed.workers().includes(before[0]!));
  t.equal(await metric(promfed.url, 'promfed_worker_restarts_total'), 1);
  const later = await metric(promfed.url, 'promfed_http_requests_total{handler="/api/v1/query",code="200"}');
  t.ok(later >= counted, `counters do not go back: ${counted}, then ${later}`);
  promfed.child.kill('SIGTERM');
  t.equal(await promfed.ended, 0);
});

t.test('the log shows the requests of a worker that ends', async (t) => {
  const region = await startFaultServer(() => undefined);
  t.teardown(() => region.close());
  const yaml = `promxy: { server_groups: [{ static_configs: [{ targets: ['${region.target}'] }] }] }`;
  const promfed = await start(t, `--config=${file('silent.yaml', yaml)}`, '--workers=1', '--workers=2');
  const query = `count(silent{a="${'x'.repeat(2_000)}"})`;
  const body = new URLSearchParams({ query });
  const ended = fetch(`${promfed.url}api/v1/query`, { method: 'POST', body }).catch(() => 'closed');
  await region.untilRequests(1);
  await sleep(300); // it is reported after 100 ms
  for (const pid of promfed.workers()) process.kill(pid, 'SIGABRT');
  t.equal(await ended, 'closed');
  await until(() => promfed.output().includes('was running'), 'the log');
  const lines = promfed
    .output()
    .split('\n')
    .filter((line) => line.includes('was running'));
  t.equal(lines.length, 1);
  const line = JSON.parse(lines[0]!) as Record<string, unknown>;
  t.match(line, { level: 'error', route: '/api/v1/query', query: query.slice(0, 1024) });
  t.ok(Number(line['age_ms']) >= 200, `${String(line['age_ms'])} ms`);
  t.ok(Number(line['held_bytes_of_all']) >= 2 ** 21, `${String(line['held_bytes_of_all'])} bytes`);
});

t.test('metrics are the sum over all workers, also while one does not answer', async (t) => {
  const promfed = await start(t, `--config=${file('empty.yaml', '')}`, '--workers=2');
  for (let i = 0; i < 20; i++) await (await send(promfed.url, 'api/v1/query?query=1')).text();
  const sample = 'promfed_http_requests_total{handler="/api/v1/query",code="200"}';
  t.equal(await metric(promfed.url, sample), 20);
  t.equal(await metric(promfed.url, 'promfed_workers'), 2);
  t.equal(await metric(promfed.url, 'promfed_workers_not_reporting'), 0);
  t.equal(await metric(promfed.url, 'promfed_config_last_reload_successful'), 1);
  const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
  t.equal(await metric(promfed.url, `promfed_build_info{version="${version}"}`), 1, 'not added up');

  const [first] = promfed.workers();
  process.kill(first!, 'SIGSTOP');
  try {
    let text = '';
    // A connection that the stopped worker accepts gets no answer. The next one does.
    while (text === '') {
      text = await fetch(`${promfed.url}metrics`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(20_000),
      }).then(
        (answer) => answer.text(),
        () => '',
      );
    }
    t.match(text, /^promfed_workers_not_reporting 1$/m);
    t.ok(text.includes(`${sample} 20\n`), 'its earlier report still counts');
  } finally {
    process.kill(first!, 'SIGCONT');
  }
});

t.test('a reload applies to all workers, and an invalid one to none', async (t) => {
  const path = file('grows.yaml', '');
  const promfed = await start(t, `--config=${path}`, '--workers=2', '--web.enable-lifecycle');
  const region = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    region.close();
  });
  await once(region, 'listening');
  const { port } = region.address() as AddressInfo;
  const yaml = (name: string): string =>
    `promxy: { server_groups: [{ name: ${name}, labels: { of: ${name} }, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }] }`;
  const configs = async (): Promise<string[]> => {
    const texts: string[] = [];
    for (let i = 0; i < 6; i++) texts.push(await (await send(promfed.url, 'api/v1/status/config')).text());
    return texts;
  };
  writeFileSync(path, yaml('one'));
  t.equal((await send(promfed.url, '-/reload', 'POST')).status, 200);
  t.ok(
    (await configs()).every((text) => text.includes('name: one')),
    'all workers have it when the reload is answered',
  );

  writeFileSync(path, 'promxy: [');
  const refused = await send(promfed.url, '-/reload', 'POST');
  t.equal(refused.status, 500);
  t.match(await refused.text(), /failed to reload config: .*grows\.yaml/);
  t.ok((await configs()).every((text) => text.includes('name: one')));
  t.equal(await metric(promfed.url, 'promfed_config_last_reload_successful'), 0);

  writeFileSync(path, yaml('two'));
  promfed.child.kill('SIGHUP');
  await until(() => promfed.output().split('configuration loaded').length === 3, 'the reload');
  const [victim] = promfed.workers();
  process.kill(victim!, 'SIGKILL');
  await until(() => promfed.output().includes('"msg":"worker is ready"'), 'the replacement');
  t.ok(
    (await configs()).every((text) => text.includes('name: two')),
    'a replacement starts with it',
  );
  t.equal(await metric(promfed.url, 'promfed_config_last_reload_successful'), 1);
  const answer = await api(promfed.url, '/api/v1/query', { query: 'up' });
  t.equal(answer.status, 'success', "labels and targets work from the workers' copy");
});

t.test('every worker uses a credentials file that has changed, without a reload', async (t) => {
  const password = file('password', 'first');
  const received: (string | undefined)[] = [];
  let expected = 'first';
  const region = createServer((request, response) => {
    const { authorization } = request.headers;
    if (request.url?.startsWith('/api/v1/query') === true) received.push(authorization);
    const isRight = authorization === `Basic ${Buffer.from(`admin:${expected}`).toString('base64')}`;
    response.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' });
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    region.close();
  });
  await once(region, 'listening');
  const { port } = region.address() as AddressInfo;
  const yaml =
    `promxy: { server_groups: [{ static_configs: [{ targets: ["127.0.0.1:${port}"] }], ` +
    `http_client: { basic_auth: { username: admin, password_file: ${password} } } }] }`;
  const promfed = await start(t, `--config=${file('credentials.yaml', yaml)}`, '--workers=2');
  const query = async (): Promise<number> => (await send(promfed.url, 'api/v1/query?query=up')).status;
  t.equal(await query(), 200);
  writeFileSync(password, 'second\n');
  expected = 'second';
  for (let i = 0; i < 6; i++) t.equal(await query(), 200, 'also at the first request after the change');
  t.ok(received.length <= 10, 'each worker is refused at most once');
});

t.test('an error that keeps workers from serving is one line', async (t) => {
  const first = await start(t, `--config=${file('empty.yaml', '')}`, '--workers=2');
  const { port } = new URL(first.url);
  t.match(
    await runPromfed(
      `--config=${join(folder, 'empty.yaml')}`,
      '--workers=2',
      `--bind-addr=127.0.0.1:${port}`,
    ),
    {
      status: 1,
      stderr: /^promfed: cannot listen on 127\.0\.0\.1:\d+: the address is already in use\n$/m,
    },
  );
  t.match(await runPromfed(`--config=${join(folder, 'missing.yaml')}`, '--workers=2'), {
    status: 1,
    stderr: /missing\.yaml/,
  });
  t.match(await runPromfed('--workers=0'), {
    status: 1,
    stderr: /--workers: must be a positive integer; got "0"/,
  });
  t.match(await runPromfed('--workers=100000'), {
    status: 1,
    stderr: /--workers: must be at most 1024; got "100000"/,
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
