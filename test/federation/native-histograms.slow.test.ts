// Answers with native histograms that are computed with: the next plan, and failures.

import t, { type Test } from 'tap';

import { startFaultServer, type Fault, type FaultServer } from '../helpers/upstreams/fault-server.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { until } from '../helpers/until.js';

function json(response: Parameters<Fault>[0], body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const HISTOGRAM = [1000, { count: '1', sum: '1', buckets: [[0, '1', '2', '1']] }];

/** A region where every metric is a histogram, whose remote read fails. */
const histograms: Fault = (response, _socket, { path }) => {
  if (path.endsWith('/read')) {
    response.writeHead(500).end('the disk is gone');
    return;
  }
  const result = [{ metric: { __name__: 'h' }, histogram: HISTOGRAM }];
  json(response, { status: 'success', data: { resultType: 'vector', result } });
};

const pathsOf = ({ requests }: FaultServer): string[] => requests.map(({ path }) => path);

function group(name: string, target: string, keys = 'remote_read: true'): string {
  return `\n    - { name: ${name}, labels: { r: ${name} }, static_configs: [{ targets: ["${target}"] }], ${keys} }`;
}

const query = (url: string, query: string): ReturnType<typeof api> =>
  api(url, '/api/v1/query', { query, time: '1000' });

async function startRegion(t: Test, fault: Fault): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

t.test('a query whose answer has native histograms reads raw samples, and fails when these do', async (t) => {
  const [eu, us] = [await startRegion(t, histograms), await startRegion(t, histograms)];
  const { url } = await startPromfed(
    t,
    `promxy:\n  server_groups:${group('eu', eu.target)}${group('us', us.target)}\n`,
  );
  const { httpStatus, error } = await query(url, 'sum(h)');
  t.equal(httpStatus, 500);
  t.match(error, /^server group ".*": target .*the disk is gone/);
  t.same(pathsOf(eu), ['/api/v1/query', '/api/v1/read']);
  await query(url, 'sum(h)');
  t.same(pathsOf(eu).slice(2), ['/api/v1/read'], 'the name was learned');
  const many = 'sum(a) + sum(b) + sum(c) + sum(d) + sum(e) + sum(f) + sum(g)';
  t.equal((await query(url, many)).httpStatus, 500, 'several unknown names');
  t.ok(pathsOf(eu).length < 40, 'the number of plans is limited');
});

t.test('an optional group whose raw samples fail is missing, with a warning', async (t) => {
  const [eu, us] = [await startRegion(t, histograms), await startRegion(t, histograms)];
  const optional = 'remote_read: true, ignore_error: true';
  const { url } = await startPromfed(
    t,
    `promxy:\n  server_groups:${group('eu', eu.target, optional)}${group('us', us.target, optional)}\n`,
  );
  const { httpStatus, data, warnings = [] } = await query(url, 'sum(h)');
  t.equal(httpStatus, 200);
  t.same(data, { resultType: 'vector', result: [] });
  t.same(warnings.map((text) => /^server group "(\w+)" is missing/.exec(text)?.[1]).sort(), ['eu', 'us']);
});

t.test('native histograms of a group without complete ones are an error', async (t) => {
  const [eu, us] = [await startRegion(t, histograms), await startRegion(t, histograms)];
  const keys = 'remote_read: false';
  const { url } = await startPromfed(
    t,
    `promxy:\n  server_groups:${group('eu', eu.target, keys)}${group('us', us.target, keys)}\n`,
  );
  const { httpStatus, error } = await query(url, 'sum(h)');
  t.equal(httpStatus, 422);
  t.match(error, /^server group "(eu|us)": native histograms .* remote_read: true .*allow_lossy: true/);
  t.same(pathsOf(eu), ['/api/v1/query']);
});

t.test('names of native histograms are learned from metadata, and kept when it fails', async (t) => {
  let fails = false;
  const region: Fault = (response, socket, request) => {
    if (!request.path.endsWith('/metadata')) {
      histograms(response, socket, request);
      return;
    }
    if (fails) {
      response.writeHead(503).end('later');
      return;
    }
    const data = {
      known: [{ type: 'histogram', help: '', unit: '' }],
      x: [{ type: 'gauge', help: '', unit: '' }],
    };
    json(response, { status: 'success', data });
  };
  const [eu, us] = [await startRegion(t, region), await startRegion(t, region)];
  const keys = 'remote_read: true, native_histogram: { metadata_refresh: 50ms }';
  const lines: string[] = [];
  const { url } = await startPromfed(
    t,
    `promxy:\n  server_groups:${group('eu', eu.target, keys)}${group('us', us.target, keys)}\n`,
    { onLog: (line) => lines.push(line) },
  );
  const planOf = async (query: string): Promise<string> => {
    const { data } = await api<{ text: string }>(url, '/api/v1/explain', { query });
    return data?.text ?? '';
  };
  await until(
    async () => (await planOf('sum(known)')).includes('has native histograms'),
    'the first refresh',
  );
  t.notMatch(await planOf('sum(x)'), /has native/);
  fails = true;
  await until(() => lines.some((line) => line.includes('not refreshed')), 'the warning');
  t.match(await planOf('sum(known)'), /has native histograms/);
});
