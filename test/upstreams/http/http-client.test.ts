// The HTTP client of notifications and remote write against a real HTTP server: requests, responses, errors, secrets.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import { NO_LOG } from '../../../src/runtime/index.js';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../src/upstreams/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  answersWith,
  resets,
  startFaultServer,
  staysSilent,
  unusedTarget,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { TEST_CERTIFICATE } from '../../helpers/upstreams/tls-certificate.js';
import { basicAuth, bearer, groupSettings, type GroupOverrides } from '../settings.js';

const OWNER = { title: 'remote write "vm"', fields: { remote_write: 'vm' } };
const TIMEOUT_MS = 1000;

interface ClientOverrides extends Partial<Pick<HttpClientOptions, 'headers' | 'url'>> {
  readonly httpClient?: GroupOverrides['httpClient'];
}

function clientFor(t: Test, url: string, overrides: ClientOverrides, timers: ManualTimers): HttpClient {
  const { httpClient = {}, ...rest } = overrides;
  const client = createHttpClient({
    url,
    owner: OWNER,
    settings: groupSettings([], { httpClient }).httpClient,
    version: '1.2.3',
    background: { timers, log: NO_LOG },
    ...rest,
  });
  t.teardown(() => client.close());
  return client;
}

interface Setup {
  readonly client: HttpClient;
  readonly server: FaultServer;
  readonly timers: ManualTimers;
}

async function setUp(
  t: Test,
  fault: Fault,
  overrides: ClientOverrides = {},
  urlOf = (target: string) => `http://${target}/api/v1/write`,
): Promise<Setup> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  const timers = new ManualTimers();
  return { client: clientFor(t, urlOf(server.target), overrides, timers), server, timers };
}

t.test('a request has the path, headers and body of client and caller', async (t) => {
  const { client, server } = await setUp(
    t,
    answersWith(204, { 'X-Prometheus-Remote-Write-Samples-Written': '7', 'Retry-After': '3' }, ''),
    {
      headers: [
        ['X-Scope-OrgID', 'one'],
        ['X-Changed', 'no'],
      ],
    },
    (target) => `http://${target}/prefix/write?extra=1`,
  );
  t.equal(client.endpoint, `http://${server.target}/prefix/write`);
  const answer = await client.send({
    headers: ['content-type', 'application/x-protobuf', 'x-changed', 'yes'],
    body: Uint8Array.of(97, 61, 98),
    timeoutMs: TIMEOUT_MS,
  });
  t.equal(answer.status, 204);
  t.equal(answer.headers.get('x-prometheus-remote-write-samples-written'), '7');
  t.equal(answer.headers.get('retry-after'), '3');
  t.equal(answer.text, '');
  const [request] = server.requests;
  t.match(request, { method: 'POST', path: '/prefix/write' });
  t.equal(request?.url.get('extra'), '1');
  t.equal(request?.form.get('a'), 'b', 'the body arrives');
  t.match(request?.headers, {
    'content-type': 'application/x-protobuf',
    'content-length': '3',
    'x-scope-orgid': 'one',
    'x-changed': 'yes',
    'user-agent': 'promfed/1.2.3',
  });
});

t.test('a response of any status is returned, with a short text on one line', async (t) => {
  const cases: { status: number; body: string; text: string }[] = [
    { status: 400, body: 'first\nsecond\u0000 line', text: 'first second line' },
    { status: 500, body: '<html><title>Bad</title>\n<body>x</body></html>', text: 'Bad' },
    { status: 503, body: 'y'.repeat(100_000), text: `${'y'.repeat(1024)}…` },
    { status: 302, body: 'moved', text: 'redirect to http://127.0.0.1:1/ not followed' },
  ];
  for (const { status, body, text } of cases) {
    const { client } = await setUp(
      t,
      answersWith(status, { location: 'http://user:secret@127.0.0.1:1/?token=secret' }, body),
    );
    t.match(await client.send({ timeoutMs: TIMEOUT_MS }), { status, text });
  }
});

t.test('a body that does not arrive does not hide the status', async (t) => {
  const { client } = await setUp(t, (_response, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\nbeginning');
  });
  t.match(await client.send({ timeoutMs: TIMEOUT_MS }), { status: 400 });
});

t.test('errors name the owner and the endpoint', async (t) => {
  const unused = await unusedTarget();
  const refused = clientFor(t, `http://${unused}/write?token=s3cret`, {}, new ManualTimers());
  await t.rejects(refused.send({ timeoutMs: TIMEOUT_MS }), {
    code: 'upstream',
    message: `remote write "vm": http://${unused}/write: connection refused`,
  });
  const { client, server } = await setUp(t, resets);
  await t.rejects(client.send({ timeoutMs: TIMEOUT_MS }), {
    code: 'upstream',
    message: /: connection reset$/,
  });
  t.equal(server.requests.length, 2, 'the connection could have been closed while it was idle');
});

t.test('a request ends after its timeout', async (t) => {
  const { client, server, timers } = await setUp(t, staysSilent);
  const sent = client.send({ timeoutMs: 10_000 });
  const rejected = t.rejects(sent, {
    code: 'timeout',
    message: `remote write "vm": http://${server.target}/api/v1/write: no response within 10000 ms`,
  });
  await server.untilRequests(1);
  await timers.pass(9_999);
  t.equal(timers.pending, 1);
  await timers.pass(1);
  await rejected;
  await server.untilHungUp();
});

t.test('the signal of a request cancels it and no other', async (t) => {
  const { client, server, timers } = await setUp(t, staysSilent);
  const abort = new AbortController();
  const canceled = client.send({ timeoutMs: TIMEOUT_MS, signal: abort.signal });
  await server.untilRequests(1);
  server.behave(answersWith(200, {}, 'fine'));
  const other = client.send({ timeoutMs: TIMEOUT_MS });
  abort.abort();
  await t.rejects(canceled, { code: 'canceled', message: /: request was canceled$/ });
  t.match(await other, { status: 200, text: 'fine' });
  t.equal(timers.pending, 0, 'no timeout remains');
  await t.rejects(client.send({ timeoutMs: TIMEOUT_MS, signal: abort.signal }), { code: 'canceled' });
  t.equal(server.requests.length, 2, 'a request that is canceled before it is sent is not sent');
});

t.test('close ends requests in progress', async (t) => {
  const { client, server } = await setUp(t, staysSilent);
  const rejected = t.rejects(client.send({ timeoutMs: TIMEOUT_MS }), {
    code: 'canceled',
    message: /^remote write "vm": http:.*: connection was closed by promfed$/,
  });
  await server.untilRequests(1);
  await client.close();
  await rejected;
});

t.test('credentials come from the settings, else from the URL', async (t) => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  const cases: { name: string; user: string; overrides: ClientOverrides; expected: string | undefined }[] = [
    { name: 'no credentials', user: '', overrides: {}, expected: undefined },
    {
      name: 'basic authentication',
      user: '',
      overrides: { httpClient: { authentication: basicAuth('user', 'password') } },
      expected: basic('user:password'),
    },
    { name: 'user of the URL', user: 'user:p%40ss@', overrides: {}, expected: basic('user:p@ss') },
    {
      name: 'settings before the URL',
      user: 'user:password@',
      overrides: { httpClient: { authentication: bearer('token-of-settings') } },
      expected: 'Bearer token-of-settings',
    },
  ];
  for (const { name, user, overrides, expected } of cases) {
    const { client, server } = await setUp(
      t,
      answersWith(200, {}, ''),
      overrides,
      (target) => `http://${user}${target}/`,
    );
    await client.send({ timeoutMs: TIMEOUT_MS });
    t.equal(server.requests[0]?.headers.authorization, expected, name);
    t.equal(client.endpoint, `http://${server.target}/`);
  }
});

t.test('a token file is read again after a 401', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-http-client-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'token');
  writeFileSync(file, 'second');
  const { client, server } = await setUp(
    t,
    (response, _socket, request) => {
      response.writeHead(request.headers.authorization === 'Bearer second' ? 200 : 401).end();
    },
    { httpClient: { authentication: bearer('first', file) } },
  );
  t.match(await client.send({ body: 'twice', timeoutMs: TIMEOUT_MS }), { status: 200 });
  t.equal(server.requests.length, 2);
  t.ok(
    server.requests.every(({ form }) => form.has('twice')),
    'both requests have the body',
  );
});

t.test('texts of the endpoint contain no secret', async (t) => {
  const { client } = await setUp(t, answersWith(400, {}, 'got the-token and the-key-of-header'), {
    headers: [['X-Api-Key', 'the-key-of-header']],
    httpClient: { authentication: bearer('the-token') },
  });
  t.match(await client.send({ timeoutMs: TIMEOUT_MS }), { text: 'got <secret> and <secret>' });
});

t.test('invalid settings are rejected when the client is created', (t) => {
  const cases: { name: string; url?: string; overrides?: ClientOverrides; message: RegExp }[] = [
    { name: 'a URL without a scheme', url: 'host:9093', message: /^remote write "vm": invalid url: / },
    { name: 'another protocol', url: 'ftp://user:secret@host/', message: /invalid url: not an http/ },
    {
      name: 'a reserved header',
      overrides: { headers: [['Content-Type', 'text/plain']] },
      message: /^remote write "vm": headers: header "Content-Type" must not be set: it is reserved$/,
    },
    {
      name: 'an invalid header',
      overrides: { headers: [['X-A', 'a\nb']] },
      message: /^remote write "vm": headers: invalid header "X-A"$/,
    },
    {
      name: 'an invalid authority',
      url: 'https://host/',
      overrides: {
        httpClient: { tls: { ...groupSettings([]).httpClient.tls, ca: 'x', cert: TEST_CERTIFICATE } },
      },
      message: /^remote write "vm": tls_config: /,
    },
  ];
  for (const { name, url = 'http://host/', overrides = {}, message } of cases) {
    t.throws(() => clientFor(t, url, overrides, new ManualTimers()), { code: 'bad_data', message }, name);
  }
  t.end();
});
