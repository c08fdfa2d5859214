// One configured group whose targets differ in labels, and groups without targets, queried through the HTTP API.

import t, { type Test } from 'tap';

import {
  answers,
  startFaultServer,
  type Fault,
  type FaultServer,
} from '../helpers/upstreams/fault-server.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';

const vector = (value: string): Fault =>
  answers({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: { __name__: 'x', pod: 'p' }, value: [100, value] }] },
  });

interface Vector {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
}

async function shards(t: Test): Promise<readonly FaultServer[]> {
  const servers = await Promise.all([startFaultServer(vector('1')), startFaultServer(vector('2'))]);
  t.teardown(() => Promise.all(servers.map((server) => server.close())));
  return servers;
}

function yamlOf([a, b]: readonly FaultServer[], keys = ''): string {
  return `promxy:
  server_groups:
    - name: eu
      ${keys}
      static_configs:
        - {targets: ["${a!.target}"], labels: {shard: a}}
        - {targets: ["${b!.target}"], labels: {shard: b}}`;
}

t.test('targets with different labels are regions of their own', async (t) => {
  const servers = await shards(t);
  const { url } = await startPromfed(t, yamlOf(servers));
  const both = await api<Vector>(url, '/api/v1/query', { query: 'x', time: '100' });
  t.same(
    both.data?.result.map(({ metric, value }) => [metric['shard'], value[1]]),
    [
      ['a', '1'],
      ['b', '2'],
    ],
  );
  const one = await api<Vector>(url, '/api/v1/query', { query: 'sum(x{shard="b"})', time: '100' });
  t.equal(one.data?.result.length, 1);
  t.equal(servers[0]!.requests.length, 1, 'the other shard is not queried');
  const explained = await api<{ text: string; groups: { name: string }[] }>(url, '/api/v1/explain', {
    query: 'sum(x)',
  });
  t.same(
    explained.data?.groups.map(({ name }) => name),
    ['eu{shard=a}', 'eu{shard=b}'],
  );
  t.match(explained.data?.text, /eu\{shard=a\}/);
});

t.test('a shard that fails is an error, or a warning that names it', async (t) => {
  const servers = await shards(t);
  await servers[1]!.close();
  const required = await startPromfed(t, yamlOf(servers));
  t.match(await api(required.url, '/api/v1/query', { query: 'x', time: '100' }), {
    status: 'error',
    error: /server group "eu\{shard=b\}": target .*: connection refused/,
  });
  const optional = await startPromfed(t, yamlOf(servers, 'ignore_error: true'));
  t.match(await api<Vector>(optional.url, '/api/v1/query', { query: 'x', time: '100' }), {
    status: 'success',
    data: { result: [{ metric: { shard: 'a' } }] },
    warnings: [/server group "eu\{shard=b\}" is missing from this answer: target .*: connection refused/],
  });
});

t.test('a group without targets is an error, or a warning, of the queries that need it', async (t) => {
  const [server] = await shards(t);
  const yaml = (keys: string): string => `promxy:
  server_groups:
    - {name: us, labels: {region: us}, static_configs: [{targets: ["${server!.target}"]}]}
    - {name: eu, labels: {region: eu}, ${keys}}`;
  const required = await startPromfed(t, yaml('static_configs: []'));
  const optional = await startPromfed(t, yaml('ignore_error: true'));
  const query = (url: string, text: string) =>
    api<Vector>(url, '/api/v1/query', { query: text, time: '100' });
  t.match(await query(required.url, 'x'), { status: 'error', error: 'server group "eu": no targets' });
  t.match(await query(required.url, 'x{region="us"}'), { status: 'success', data: { result: [{}] } });
  t.match(await query(optional.url, 'x'), {
    status: 'success',
    data: { result: [{ metric: { region: 'us' } }] },
    warnings: ['server group "eu" is missing from this answer: no targets'],
  });
  server!.behave(answers({ status: 'success', data: ['pod'] }));
  t.match(await api(optional.url, '/api/v1/labels', {}), {
    status: 'success',
    warnings: ['server group "eu" is missing from this answer: no targets'],
  });
});
