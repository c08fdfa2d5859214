// The settings of server groups, read from YAML.

import t from 'tap';

import { parseConfig, type ServerGroupSettings } from '../../../src/config/index.js';
import { Labels, targetSets } from '../../../src/model/index.js';

function firstGroup(yaml: string): ServerGroupSettings {
  return parseConfig(yaml, 'config.yaml').settings.serverGroups[0]!;
}

/** One group with a target and the given lines. */
function withGroup(...lines: string[]): string {
  const group = ['static_configs:', '  - targets: [region:9090]', ...lines].map((line) => `      ${line}`);
  return ['promxy:', '  server_groups:', '    -', ...group].join('\n');
}

function addressesOf({ targets }: ServerGroupSettings): string[] {
  return targets.map(({ address }) => address);
}

t.test('a group with only a target has the defaults of promxy, and detects remote read', async (t) => {
  t.same(firstGroup(withGroup()), {
    name: 'region:9090',
    labels: Labels.EMPTY,
    scheme: 'http',
    targets: [{ address: 'region:9090', labels: Labels.EMPTY }],
    pathPrefix: '',
    queryParams: [],
    httpHeaders: [],
    timeoutMs: undefined,
    ignoreError: false,
    semantics: undefined,
    alignsRanges: false,
    remoteRead: 'auto',
    remoteReadPath: '/api/v1/read',
    histogramRefreshMs: undefined,
    allowsLossyHistograms: false,
    httpClient: {
      dialTimeoutMs: 200,
      authentication: undefined,
      tls: {
        ca: undefined,
        cert: undefined,
        key: undefined,
        serverName: undefined,
        insecureSkipVerify: false,
        minVersion: undefined,
        maxVersion: undefined,
      },
    },
  });
});

t.test('each key of a group becomes a setting', async (t) => {
  const cases: { name: string; lines: string[]; expected: Partial<ServerGroupSettings> }[] = [
    { name: 'a name', lines: ['name: north'], expected: { name: 'north' } },
    { name: 'https', lines: ['scheme: https'], expected: { scheme: 'https' } },
    {
      name: 'a path with a trailing slash',
      lines: ['path_prefix: /a/b/'],
      expected: { pathPrefix: '/a/b' },
    },
    { name: 'a path without a slash', lines: ['path_prefix: a'], expected: { pathPrefix: '/a' } },
    { name: 'a path of slashes only', lines: ['path_prefix: //'], expected: { pathPrefix: '' } },
    { name: 'ignored errors', lines: ['ignore_error: true'], expected: { ignoreError: true } },
    { name: 'YAML 1.1 yes', lines: ['ignore_error: yes'], expected: { ignoreError: true } },
    { name: 'YAML 1.1 Off', lines: ['ignore_error: Off'], expected: { ignoreError: false } },
    { name: 'a timeout', lines: ['timeout: 5s'], expected: { timeoutMs: 5000 } },
    { name: 'a timeout of zero', lines: ['timeout: 0s'], expected: { timeoutMs: undefined } },
    { name: 'a timeout below a millisecond', lines: ['timeout: 200us'], expected: { timeoutMs: 1 } },
    { name: 'a duration in days', lines: ['timeout: 1d'], expected: { timeoutMs: 86_400_000 } },
    {
      name: 'a duration with a fraction',
      lines: ['anti_affinity: 1.5s'],
      expected: { antiAffinity: { bufferMs: 1500, isDynamic: false } },
    },
    {
      name: 'native histograms',
      lines: ['remote_read: true', 'native_histogram: {metadata_refresh: 30s, allow_lossy: true}'],
      expected: {
        remoteRead: 'always',
        histogramRefreshMs: 30_000,
        allowsLossyHistograms: true,
      },
    },
    {
      name: 'native histograms with the defaults',
      lines: ['native_histogram: {metadata_refresh: 0s, allow_lossy: false}'],
      expected: {},
    },
    { name: 'remote read', lines: ['remote_read: true'], expected: { remoteRead: 'always' } },
    { name: 'remote read: YAML 1.1 Off', lines: ['remote_read: Off'], expected: { remoteRead: 'never' } },
    { name: 'detected remote read', lines: ['remote_read: auto'], expected: { remoteRead: 'auto' } },
    {
      name: 'remote read with a path',
      lines: ['remote_read: true', 'remote_read_path: /read/it/'],
      expected: { remoteRead: 'always', remoteReadPath: '/read/it' },
    },
    {
      name: 'no anti-affinity',
      lines: ['anti_affinity: 0s'],
      expected: { antiAffinity: { bufferMs: 0, isDynamic: false } },
    },
    {
      name: 'a derived anti-affinity',
      lines: ['anti_affinity_dynamic: true'],
      expected: { antiAffinity: { bufferMs: 10_000, isDynamic: true } },
    },
    {
      name: 'a derived anti-affinity with a fallback',
      lines: ['anti_affinity: 30s', 'anti_affinity_dynamic: true'],
      expected: { antiAffinity: { bufferMs: 30_000, isDynamic: true } },
    },
    { name: 'the default of promxy', lines: ['anti_affinity_dynamic: false'], expected: {} },
    {
      name: 'parameters in the order of the file, with numbers as written',
      lines: ['query_params: {nocache: 1, 10: 0x1F, 2: yes, list: [a, 007]}'],
      expected: {
        queryParams: [
          ['nocache', '1'],
          ['10', '0x1F'],
          ['2', 'yes'],
          ['list', 'a'],
          ['list', '007'],
        ],
      },
    },
    {
      name: 'headers, one with two values',
      lines: ['http_headers: {X-Scope-OrgID: tenant, X-Many: [a, b], X-Empty: }'],
      expected: {
        httpHeaders: [
          ['X-Scope-OrgID', 'tenant'],
          ['X-Many', 'a'],
          ['X-Many', 'b'],
          ['X-Empty', ''],
        ],
      },
    },
  ];
  for (const { name, lines, expected } of cases) t.match(firstGroup(withGroup(...lines)), expected, name);
});

t.test('keys with an empty value count as missing', async (t) => {
  const group = firstGroup(
    withGroup('labels:', 'scheme:', 'http_client:', 'path_prefix: ""', 'query_params:'),
  );
  t.equal(group.scheme, 'http');
  t.equal(group.labels.size, 0);
});

t.test('targets get the default port of the scheme, and duplicates are dropped', async (t) => {
  const cases: { targets: string; scheme: string; expected: string[] }[] = [
    { targets: '[a, "b:1"]', scheme: 'http', expected: ['a:80', 'b:1'] },
    { targets: '[a.example]', scheme: 'https', expected: ['a.example:443'] },
    { targets: '["[::1]:9090", "[::1]"]', scheme: 'http', expected: ['[::1]:9090', '[::1]:80'] },
    { targets: '[10.0.0.1, "10.0.0.1:80"]', scheme: 'http', expected: ['10.0.0.1:80'] },
    { targets: '[under_score.svc:1]', scheme: 'http', expected: ['under_score.svc:1'] },
  ];
  for (const { targets, scheme, expected } of cases) {
    const yaml = `promxy: {server_groups: [{static_configs: [{targets: ${targets}}], scheme: ${scheme}}]}`;
    t.same(addressesOf(firstGroup(yaml)), expected, targets);
  }
});

t.test('targets with different labels are groups of their own, and replicas with equal ones', async (t) => {
  const group = firstGroup(
    'promxy: {server_groups: [{name: eu, labels: {region: eu}, static_configs: ' +
      '[{targets: [x, y], labels: {az: a}}, {targets: [x], labels: {az: b}}]}]}',
  );
  t.same(
    targetSets(group.name, group.labels, group.targets).map(({ name, labels, targets }) => [
      name,
      labels.toJSON(),
      targets.map(({ address }) => address),
    ]),
    [
      ['eu{az=a}', { az: 'a', region: 'eu' }, ['x:80', 'y:80']],
      ['eu{az=b}', { az: 'b', region: 'eu' }, ['x:80']],
    ],
  );
});

t.test('a group without targets is a warning', async (t) => {
  for (const keys of ['', 'static_configs: []', 'static_configs: [{targets: []}]']) {
    const { settings, warnings } = parseConfig(`promxy: {server_groups: [{${keys}}]}`, 'c.yaml');
    t.same(warnings, [
      'c.yaml:1:26: promxy.server_groups[0]: no targets; queries that need this server group fail',
    ]);
    t.match(settings.serverGroups, [{ name: 'server_groups[0]', targets: [] }]);
  }
});

t.test('targets of one group with equal labels are a warning', async (t) => {
  const warningsOf = (labels: string): readonly string[] =>
    parseConfig(
      `promxy: {server_groups: [{name: eu, static_configs: [{targets: [x], labels: {az: a}}, {targets: [y], labels: ${labels}}]}]}`,
      'c.yaml',
    ).warnings;
  t.same(warningsOf('{az: b}'), []);
  t.match(warningsOf('{rack: b}'), [/server groups "eu{az=a}" and "eu{rack=b}" cannot be distinguished/]);
});

t.test('a duplicate target is a warning', async (t) => {
  const yaml = 'promxy: {server_groups: [{static_configs: [{targets: [a]}, {targets: ["a:80"]}]}]}';
  t.same(parseConfig(yaml, 'c.yaml').warnings, [
    'c.yaml:1:71: promxy.server_groups[0].static_configs[1].targets[0]: duplicate target "a:80"; it is queried once',
  ]);
});

t.test('labels of the group replace those of its targets', async (t) => {
  const group = firstGroup(
    'promxy: {server_groups: [{labels: {a: group, n: 012}, static_configs: ' +
      '[{targets: [x], labels: {a: one, b: target}}, {targets: [y], labels: {a: two, b: target}}]}]}',
  );
  t.same(group.labels.toJSON(), { a: 'group', n: '012' });
  t.same(
    targetSets(group.name, group.labels, group.targets).map(({ labels }) => labels.toJSON()),
    [{ a: 'group', b: 'target', n: '012' }],
  );
  t.equal(group.name, 'group/target/012');
});

t.test('a group without a name gets a unique name from its labels or its first target', async (t) => {
  const groups = [
    '{static_configs: [{targets: [x]}]}',
    '{static_configs: [{targets: [x]}]}',
    '{static_configs: [{targets: [y]}], labels: {b: two, a: one}}',
    '{static_configs: [{targets: [z]}], name: "x:80#2"}',
    '{static_configs: [{targets: [z]}], name: north}',
  ];
  const { settings } = parseConfig(`promxy: {server_groups: [${groups.join(', ')}]}`, 'config.yaml');
  t.same(
    settings.serverGroups.map(({ name }) => name),
    ['x:80', 'x:80#3', 'one/two', 'x:80#2', 'north'],
  );
});

t.test("an unsupported key is accepted with promxy's default", async (t) => {
  const group = withGroup(
    'max_idle_conns: 20000',
    'idle_conn_timeout: 300s',
    'relabel_configs: []',
    'kubernetes_sd_configs: []',
    'downgrade_error: false',
    'label_filter:',
    'http_client: {follow_redirects: false, enable_http2: false, dial_network: tcp, fallback_delay: 0s}',
  );
  t.same(parseConfig(group, 'c.yaml').warnings, []);
});
