// Detected remote read: external labels, targets that do not serve it, a route that disappears, and the requests.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import t, { type Test } from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed, untilDetected, type PromfedOptions } from '../helpers/promfed/promfed.js';
import { forward } from '../helpers/real-servers/forward.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { answerDifferences } from '../helpers/union/answers.js';

const skip = withoutRealServers();
const endMs = 1_750_003_600_000;
const timestamps = Array.from({ length: 60 }, (_, i) => endMs - 3_600_000 + i * 60_000);

/** Series with and without labels of the names of external labels, some with the same values. */
const series: TestSeries[] = [
  { pod: 'a' },
  { pod: 'a', cluster: 'c.1' },
  { pod: 'a', cluster: 'other' },
  { pod: 'b', zone: 'z' },
  { pod: 'b', zone: 'z', cluster: 'c.1' },
  { pod: 'c', zone: 'other', cluster: 'other' },
].map((labels, i) => ({
  labels: { __name__: 'x', ...labels },
  timestamps,
  // The first series ends early, with a stale marker.
  values: timestamps.map((_, minute) => (i === 0 && minute >= 50 ? 'stale' : minute * (i + 1))),
}));

/** Expressions that need raw samples with `pushdown: false`. */
const QUERIES = [
  'x',
  'x{cluster="c.1"}',
  'x{cluster="c-1"}',
  'x{cluster=""}',
  'x{cluster!=""}',
  'x{cluster!="c.1"}',
  'x{cluster=~"c.*"}',
  'x{cluster="c.1", zone="z"}',
  'x{zone="", cluster=~"c.1|other"}',
  'count by (cluster, zone) (x)',
  'sum without (pod) (rate(x[5m]))',
  'last_over_time(x[3m])',
];

interface Proxy {
  readonly host: string;
  /** `METHOD PATH` of every request. */
  readonly requests: string[];
  /** Answers requests of paths that match instead of the server. */
  answer(path: RegExp, respond: (response: ServerResponse) => void): void;
}

async function startProxy(t: Test, origin: string): Promise<Proxy> {
  const requests: string[] = [];
  const answers: [path: RegExp, respond: (response: ServerResponse) => void][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = request.url ?? '/';
      requests.push(`${request.method ?? ''} ${url.replace(/\?.*$/, '')}`);
      const own = answers.findLast(([path]) => path.test(url));
      if (own !== undefined) {
        own[1](response);
        return;
      }
      const { 'content-type': type = '', 'content-encoding': encoding = '' } = request.headers;
      const body = request.method === 'POST' ? { body: Buffer.concat(chunks) } : {};
      const headers = { 'content-type': type, 'content-encoding': encoding };
      forward(origin + url, { method: request.method ?? 'GET', headers, ...body }, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (path, respond) => answers.push([path, respond]),
  };
}

/** Starts promfed over one target, and waits until it is detected. */
async function startOver(t: Test, host: string, options: PromfedOptions = {}): Promise<string> {
  const yaml = `promxy: { server_groups: [{ name: eu, static_configs: [{ targets: ["${host}"] }] }] }`;
  const { url } = await startPromfed(t, yaml, options);
  await untilDetected(url);
  return url;
}

async function rawSamplesOf(url: string): Promise<string> {
  const { data } = await api<Explanation>(url, '/api/v1/explain', { query: 'x', time: '0' });
  return data!.groups[0]!.rawSamples.join();
}

async function startReference(t: Test, externalLabels: Record<string, string> = {}): Promise<string> {
  const { url } = await startPrometheus(t, { externalLabels });
  await importIntoPrometheus(url, series);
  return url;
}

async function compare(t: Test, promfed: string, reference: string, queries = QUERIES): Promise<void> {
  for (const query of queries) {
    for (const minutes of [0, 9]) {
      const parameters = { query, time: String((endMs - minutes * 60_000) / 1000) };
      const [actual, expected] = await Promise.all(
        [promfed, reference].map((url) => api(url, '/api/v1/query', parameters)),
      );
      t.same(answerDifferences(actual!, expected!), [], `${query} ${minutes} minutes before the end`);
      t.same(actual!.warnings, expected!.warnings, query);
    }
  }
}

for (const labels of [{}, { cluster: 'c.1' }, { cluster: 'c.1', zone: 'z', unused: 'u', more: '1' }]) {
  const names = Object.keys(labels);
  t.test(`the external labels ${names.join(', ')} are removed, and stored ones kept`, { skip }, async (t) => {
    const reference = await startReference(t, labels);
    const url = await startOver(t, new URL(reference).host, { pushdown: false });
    t.equal(await rawSamplesOf(url), 'by remote read');
    await compare(t, url, reference);
  });
}

t.test('more external labels than a request can have queries for', { skip }, async (t) => {
  const reference = await startReference(t, { a: '1', b: '2', c: '3', d: '4', e: '5' });
  const url = await startOver(t, new URL(reference).host);
  t.equal(await rawSamplesOf(url), 'by queries: it has more than 4 external labels');
});

t.test('only queries that need raw samples send requests for them', { skip }, async (t) => {
  const reference = await startReference(t, { cluster: 'c.1' });
  const proxy = await startProxy(t, reference);
  const url = await startOver(t, proxy.host);
  const detection = ['GET /api/v1/status/buildinfo', 'GET /api/v1/status/config', 'POST /api/v1/read'];
  t.same(proxy.requests.sort(), detection, 'the detection');
  const time = String(endMs / 1000);
  const send = async (query: string): Promise<string[]> => {
    proxy.requests.length = 0;
    t.equal((await api(url, '/api/v1/query', { query, time })).status, 'success', query);
    return [...proxy.requests];
  };
  for (const query of ['x', 'sum(rate(x[5m]))', 'x > 3', 'topk(2, x)', 'absent(x)']) {
    t.same(await send(query), ['POST /api/v1/query'], query);
  }
  t.same(await send('x[5m:1m] offset 1m'), ['POST /api/v1/query'], 'a subquery');
  t.same(await send('mad_over_time(x[5m])'), ['POST /api/v1/read'], 'raw samples');
});

t.test('a route of remote read that disappears, and comes back', { skip }, async (t) => {
  const reference = await startReference(t, { cluster: 'c.1' });
  const proxy = await startProxy(t, reference);
  const url = await startOver(t, proxy.host, { pushdown: false });
  const ranges = QUERIES.slice(-2);
  await compare(t, url, reference, ranges);

  proxy.answer(/\/read$/, (response) => response.writeHead(404).end('404 page not found'));
  proxy.requests.length = 0;
  await compare(t, url, reference, ranges.slice(0, 1));
  t.same(
    proxy.requests.slice(0, 2),
    ['POST /api/v1/read', 'POST /api/v1/query'],
    'queried within the same query',
  );
  t.equal(proxy.requests.filter((one) => one.endsWith('/read')).length, 1, 'not tried by the next query');
  t.match(await rawSamplesOf(url), /^by queries: remote read failed: HTTP 404: 404 page not found/);
  const { warnings } = await api(url, '/api/v1/query', { query: 'x', time: String(endMs / 1000) });
  t.match(warnings, [/"eu": its raw samples have no stale markers/]);
});

t.test('targets that do not serve remote read are queried', { skip }, async (t) => {
  const reference = await startReference(t);
  const html = { 'content-type': 'text/html' };
  const cases: [name: string, path: RegExp, respond: (response: ServerResponse) => void, expected: RegExp][] =
    [
      ['404', /\/read$/, (r) => r.writeHead(404).end(), /^by queries: remote read failed: HTTP 404/],
      ['405', /\/read$/, (r) => r.writeHead(405).end('no'), /^by queries: remote read failed: HTTP 405: no/],
      [
        '400',
        /\/read$/,
        (r) => r.writeHead(400).end('unsupported path'),
        /^by queries: remote read failed: HTTP 400: unsupported path/,
      ],
      ['422', /\/read$/, (r) => r.writeHead(422).end(), /^by queries: remote read failed: HTTP 422/],
      [
        '401',
        /\/read$/,
        (r) => r.writeHead(401).end(),
        /^by queries: remote read failed: HTTP 401: credentials rejected/,
      ],
      ['503', /\/read$/, (r) => r.writeHead(503).end(), /^by queries: remote read failed: HTTP 503/],
      [
        'HTML',
        /\/read$/,
        (r) => r.writeHead(200, html).end('<title>Login</title>'),
        /content type text\/html.*Login/,
      ],
      ['a redirect', /\/read$/, (r) => r.writeHead(302, { location: '/login' }).end(), /redirect to \/login/],
      [
        'a reset',
        /\/read$/,
        (r) => r.destroy(),
        /^by queries: remote read failed: connection closed before a response/,
      ],
      [
        'no configuration',
        /\/status\/config$/,
        (r) => r.writeHead(404).end(),
        /its external labels are unknown: HTTP 404/,
      ],
      [
        'no build information',
        /\/buildinfo$/,
        (r) => r.writeHead(404).end(),
        /^by queries: its product is unknown: HTTP 404/,
      ],
    ];
  for (const [name, path, respond, expected] of cases) {
    const proxy = await startProxy(t, reference);
    proxy.answer(path, respond);
    const url = await startOver(t, proxy.host, { pushdown: false });
    t.match(await rawSamplesOf(url), expected, name);
    await compare(t, url, reference, ['sum without (pod) (rate(x[5m]))']);
  }
});
