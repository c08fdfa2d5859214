import { createConnection } from 'node:net';
import t from 'tap';

import {
  answers,
  answersGzipGarbage,
  answersWith,
  cutsByLength,
  neverEnds,
  refuses,
  resets,
  startFaultServer,
  staysSilent,
  trickles,
  unusedTarget,
  type Fault,
  type FaultServer,
} from '../helpers/upstreams/fault-server.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

const EMPTY = 'promxy: { server_groups: }\n';

function configOf(targets: readonly string[], extra = ''): string {
  const groups = targets.map(
    (target, i) => `
    - name: region-${i + 1}
      static_configs: [{ targets: ["${target}"] }]
      labels: { region: r${i + 1} }
      ${extra}`,
  );
  return `promxy:\n  server_groups:${groups.join('')}\n`;
}

async function faulty(t: Teardown, fault: Fault): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

const oneSeries = {
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: { __name__: 'x' }, value: [1, '7'] }] },
};

t.test('invalid requests get the error of Prometheus in its format', async (t) => {
  const { url } = await startPromfed(t, EMPTY);
  const range = { start: '1', end: '2', step: '1' };
  const cases: [path: string, parameters: Record<string, string>, error: string][] = [
    ['/query', {}, 'invalid parameter "query": unknown position: parse error: no expression found in input'],
    ['/query', { query: 'sum(' }, 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'],
    [
      '/query',
      { query: '1', time: 'x' },
      'invalid parameter "time": invalid time value for \'time\': cannot parse "x" to a valid timestamp',
    ],
    [
      '/query',
      { query: '1', timeout: 'x' },
      'invalid parameter "timeout": cannot parse "x" to a valid duration',
    ],
    [
      '/query',
      { query: 'rate(x)' },
      'invalid parameter "query": 1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ['/query_range', { query: '1' }, 'invalid parameter "start": cannot parse "" to a valid timestamp'],
    [
      '/query_range',
      { query: '1', ...range, end: '0' },
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      '/query_range',
      { query: '1', ...range, step: '0' },
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      '/query_range',
      { query: '1', ...range, end: '99999' },
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      '/query_range',
      { query: 'x[5m]', ...range },
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
    [
      '/query_range',
      { query: '"a"', ...range },
      'invalid parameter "query": invalid expression type "string" for range query, must be Scalar or instant Vector',
    ],
    ['/series', {}, 'no match[] parameter provided'],
    ['/series', { 'match[]': 'sum(x)' }, 'invalid parameter "match[]": 1:4: parse error: '],
    ['/labels', { 'match[]': 'sum(x)' }, '1:4: parse error: '],
    ['/labels', { 'match[]': '{a=""}' }, 'match[] must contain at least one non-empty matcher'],
  ];
  for (const [path, parameters, error] of cases) {
    const answer = await api(url, `/api/v1${path}`, parameters);
    const name = `${path} ${JSON.stringify(parameters)}`;
    t.same([answer.httpStatus, answer.status, answer.errorType], [400, 'error', 'bad_data'], name);
    t.equal(answer.error?.slice(0, error.length), error, name);
  }
});

t.test('without server groups, every result is empty', async (t) => {
  const { url } = await startPromfed(t, '');
  const cases: [path: string, parameters: Record<string, string>, data: unknown][] = [
    ['/query', { query: 'up' }, { resultType: 'vector', result: [] }],
    ['/query', { query: 'up[5m]' }, { resultType: 'matrix', result: [] }],
    ['/query', { query: 'sum(up)' }, { resultType: 'vector', result: [] }],
    ['/query', { query: '1+1', time: '4' }, { resultType: 'scalar', result: [4, '2'] }],
    ['/query', { query: '"a"', time: '4' }, { resultType: 'string', result: [4, 'a'] }],
    ['/query_range', { query: 'up', start: '1', end: '2', step: '1' }, { resultType: 'matrix', result: [] }],
    [
      '/query_range',
      { query: 'time() / 4', start: '1', end: '2', step: '1' },
      {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1, '0.25'],
              [2, '0.5'],
            ],
          },
        ],
      },
    ],
    ['/series', { 'match[]': 'up' }, []],
    ['/labels', {}, []],
    ['/label/job/values', {}, []],
    ['/metadata', {}, {}],
  ];
  for (const [path, parameters, data] of cases) {
    const answer = await api<unknown>(url, `/api/v1${path}`, parameters);
    t.same(
      [answer.httpStatus, answer.data, answer.warnings],
      [200, data, undefined],
      path + JSON.stringify(parameters),
    );
  }
});

t.test('unknown paths, wrong methods and large bodies are rejected', async (t) => {
  const { url } = await startPromfed(t, EMPTY);
  const missing = await fetch(`${url}api/v1/nothing`);
  t.same([missing.status, await missing.text()], [404, '404 page not found\n']);
  const wrong = await fetch(`${url}api/v1/query`, { method: 'DELETE' });
  t.same([wrong.status, wrong.headers.get('allow')], [405, 'GET, OPTIONS, POST']);
  t.equal((await fetch(`${url}api/v1/metadata`, { method: 'POST' })).status, 405);
  const large = await fetch(`${url}api/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `query=${'a'.repeat(11 * 1024 * 1024)}`,
  });
  t.match([large.status, await large.json()], [413, { status: 'error', errorType: 'bad_data' }]);
});

t.test('invalid and too long requests get an error in the same format', async (t) => {
  const { url } = await startPromfed(t, EMPTY);
  const broken = await fetch(`${url}api/v1/label/%zz/values`);
  t.match([broken.status, await broken.json()], [400, { status: 'error', errorType: 'bad_data' }]);
  const long = await fetch(`${url}api/v1/query?query=${'a'.repeat(300_000)}`);
  t.match([long.status, await long.json()], [431, { status: 'error', errorType: 'bad_data' }]);
});

t.test('the API allows requests from pages of other origins', async (t) => {
  const { url } = await startPromfed(t, EMPTY);
  const response = await fetch(`${url}api/v1/query?query=1`, { headers: { origin: 'http://grafana' } });
  t.equal(response.headers.get('access-control-allow-origin'), 'http://grafana');
  const preflight = await fetch(`${url}api/v1/query`, {
    method: 'OPTIONS',
    headers: { origin: 'http://grafana' },
  });
  t.equal(preflight.status, 204);
  t.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST, OPTIONS');
});

t.test('a truncated result has one warning, and a probe has none', async (t) => {
  const server = await faulty(t, (response, _socket, { path }) => {
    const limited = path.endsWith('/labels') ? { warnings: ['results truncated due to limit'] } : {};
    const data = path.endsWith('/series') ? [{ a: '1' }, { a: '2' }] : ['a', 'b'];
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'success', data, ...limited }));
  });
  const { url } = await startPromfed(t, configOf([server.target]));
  const values = await api<string[]>(url, '/api/v1/label/region/values');
  t.same([values.data, values.warnings], [['r1'], undefined]);
  const names = await api<string[]>(url, '/api/v1/labels', { limit: '1' });
  t.same([names.data, names.warnings], [['a'], ['results truncated due to limit']]);
  const sets = await api<unknown>(url, '/api/v1/series', { limit: '1', 'match[]': 'x' });
  t.same([sets.data, sets.warnings], [[{ a: '1', region: 'r1' }], ['results truncated due to limit']]);
});

t.test('health, readiness, build, configuration, flags and metrics are served', async (t) => {
  const { url } = await startPromfed(
    t,
    configOf(['127.0.0.1:1'], 'http_client: { basic_auth: { username: u, password: hidden } }'),
  );
  t.equal((await fetch(`${url}-/healthy`)).status, 200);
  t.equal((await fetch(`${url}-/ready`)).status, 200);
  const build = await api<Record<string, unknown>>(url, '/api/v1/status/buildinfo');
  t.equal(build.data?.['version'], '3.14.0', 'the version of Prometheus, by which Grafana selects endpoints');
  t.equal(build.data?.['promfedVersion'], '0.0.0-test');
  t.notOk(build.data?.['application'] ?? build.data?.['features'], 'Grafana would take it for Mimir');
  t.match((await api(url, '/api/v1/status/flags')).data, { 'query.timeout': '30s' });
  const config = await api<{ yaml: string }>(url, '/api/v1/status/config');
  t.match(config.data?.yaml, /name: region-1/);
  t.notMatch(config.data?.yaml, /hidden/);
  await api(url, '/api/v1/query', { query: 'up' });
  const metrics = await (await fetch(`${url}metrics`)).text();
  t.match(metrics, /promfed_http_requests_total\{handler="\/api\/v1\/query",code="500"\} 1/);
  t.match(
    metrics,
    /promfed_upstream_requests_total\{server_group="region-1",target="127.0.0.1:1",path="query",outcome="error"\} 1/,
  );
  t.match(metrics, /promfed_config_last_reload_successful 1/);
});

t.test('a query is formatted', async (t) => {
  const { url } = await startPromfed(t, EMPTY);
  const answer = await api<string>(url, '/api/v1/format_query', { query: 'sum  by(a)(x)+1' });
  t.equal(answer.data, 'sum by (a) (x) + 1');
});

t.test('all endpoints are served below the path of the external URL', async (t) => {
  const { url } = await startPromfed(t, EMPTY, { routePrefix: '/prom' });
  t.match(url, /\/prom\/$/);
  t.equal((await fetch(`${url}-/ready`)).status, 200);
  t.equal((await fetch(`${new URL(url).origin}/-/ready`)).status, 404);
});

t.test('a reload uses the new configuration, or keeps the current one and returns the error', async (t) => {
  const server = await faulty(t, answers(oneSeries));
  let yaml = EMPTY;
  const { url } = await startPromfed(t, () => yaml);
  const count = async (): Promise<number | undefined> =>
    (await api(url, '/api/v1/query', { query: 'x' })).data?.result.length;
  t.equal(await count(), 0);
  yaml = configOf([server.target]);
  t.equal((await fetch(`${url}-/reload`, { method: 'POST' })).status, 200);
  t.equal(await count(), 1);
  yaml = 'promxy: { server_group: [] }';
  const rejected = await fetch(`${url}-/reload`, { method: 'POST' });
  t.equal(rejected.status, 500);
  t.match(await rejected.text(), /failed to reload config: test\.yaml:1:.*server_groups/);
  t.equal(await count(), 1, 'the current configuration stays in use');
  t.match(await (await fetch(`${url}metrics`)).text(), /promfed_config_last_reload_successful 0/);
  const closed = await startPromfed(t, EMPTY, { lifecycleEnabled: false });
  t.equal((await fetch(`${closed.url}-/reload`, { method: 'POST' })).status, 403);
});

const head =
  '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x"},"value":[1,"7"]},';
const faults: [name: string, fault: Fault, message: RegExp][] = [
  [
    'an HTML error page',
    answersWith(502, { 'content-type': 'text/html' }, '<html>bad gateway</html>'),
    /502/,
  ],
  ['refused credentials', answersWith(401, {}, 'no'), /401.*credentials/],
  ['an internal error', refuses(500, 'internal', 'disk is full'), /500.*disk is full/],
  ['no JSON', answersWith(200, { 'content-type': 'application/json' }, '{"status":"succ'), /region-1/],
  ['no API answer', answers({ hello: 'world' }), /region-1/],
  ['a cut body', cutsByLength(head), /region-1/],
  ['gzip garbage', answersGzipGarbage, /gzip/],
  ['a reset', resets, /region-1.*reset/],
  ['silence', staysSilent, /timed out.*region-1/],
  ['a trickle', trickles(head), /timed out.*region-1/],
];

t.test('a faulty region is an error or a warning that names it', async (t) => {
  for (const [name, fault, message] of faults) {
    const bad = await faulty(t, fault);
    const good = await faulty(t, answers(oneSeries));
    const required = await startPromfed(t, configOf([bad.target]), { queryTimeoutMs: 500 });
    const optional = await startPromfed(t, configOf([bad.target, good.target], 'ignore_error: true'), {
      queryTimeoutMs: 500,
    });
    for (const query of ['x', 'sum(x)', 'x * x']) {
      const failed = await api(required.url, '/api/v1/query', { query, time: '1' });
      t.equal(failed.status, 'error', `${name}: ${query}`);
      t.ok(failed.httpStatus >= 500, `${name}: ${query}: ${failed.httpStatus}`);
      t.match(failed.error, message, `${name}: ${query}`);
      t.notMatch(failed.error, /\n\s+at |undici|UND_ERR/, `${name}: no stack trace`);
      const partial = await api(optional.url, '/api/v1/query', { query, time: '1' });
      t.equal(partial.status, 'success', `${name}: ${query}`);
      t.ok(
        partial.warnings?.some((text) => text.includes('"region-1"')),
        `${name}: ${query}: a warning names it`,
      );
      t.ok(
        partial.data?.result.some(({ metric }) => query === 'sum(x)' || metric['region'] === 'r2'),
        `${name}: ${query}: the other region is there`,
      );
    }
  }
});

t.test('an unreachable region is an error that names it', async (t) => {
  const { url } = await startPromfed(t, configOf([await unusedTarget()]));
  t.match(await api(url, '/api/v1/query', { query: 'x' }), {
    httpStatus: 500,
    errorType: 'unavailable',
    error: /server group "region-1".*connection refused/,
  });
});

t.test('an answer that fails after its first byte cannot be taken for complete', async (t) => {
  const series = `{"metric":{"__name__":"x","pad":"${'p'.repeat(100_000)}"},"values":[[1,"7"]]},`;
  const rows = Array.from({ length: 30 }, (_, i) =>
    series.replace('"x"', `"x${String(i).padStart(3, '0')}"`),
  );
  const bad = await faulty(
    t,
    cutsByLength(`{"status":"success","data":{"resultType":"matrix","result":[${rows.join('')}`),
  );
  const log: string[] = [];
  const { url } = await startPromfed(t, configOf([bad.target]), { onLog: (line) => log.push(line) });
  const response = await fetch(`${url}api/v1/query_range?query=x&start=1&end=1&step=1`);
  t.equal(response.status, 200, 'the first bytes had been sent');
  await t.rejects(response.text());
  t.match(
    log.join(''),
    /region-1.*incomplete response.*query failed after the start of its answer/,
    'the reason is logged',
  );
  t.equal((await fetch(`${url}-/healthy`)).status, 200, 'the process is still healthy');
});

t.test('a client that disconnects cancels the requests to the regions', async (t) => {
  const endless = await faulty(
    t,
    neverEnds(head, (i) => `{"metric":{"__name__":"y${i}"},"value":[1,"7"]},`),
  );
  const silent = await faulty(t, staysSilent);
  const { url } = await startPromfed(t, configOf([endless.target, silent.target]));
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.write('GET /api/v1/query?query=x HTTP/1.1\r\nhost: promfed\r\n\r\n');
  await Promise.all([endless.untilRequests(1), silent.untilRequests(1)]);
  socket.destroy();
  await Promise.all([endless.untilHungUp(), silent.untilHungUp()]);
  t.equal((await fetch(`${url}-/healthy`)).status, 200, 'the process is still healthy');
});
