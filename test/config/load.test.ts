// Valid configurations and their settings.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import t from 'tap';

import { loadConfig, parseConfig, type ServerGroupSettings } from '../../src/config/index.js';
import { Labels, targetSets } from '../../src/model/index.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';
import { ConfigError } from '../../src/config/config-error.js';

const DATA = resolve('test/testdata/config');
const GOLDEN = sharedPath('kof/golden');

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

t.test('a group with only a target has the defaults of promxy', async (t) => {
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
    antiAffinityMs: 10_000,
    semantics: undefined,
    alignsRanges: false,
    remoteReadPath: undefined,
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

t.test('an empty file is a configuration without groups', async (t) => {
  for (const text of ['', '\n\n', '# nothing but a comment', '---\n', '---\n...\n', '{}', 'null', '\uFEFF']) {
    const { settings, warnings, maskedYaml } = parseConfig(text, 'config.yaml');
    t.same(settings.serverGroups, [], JSON.stringify(text));
    t.equal(settings.evaluationIntervalMs, 60_000);
    t.equal(settings.externalLabels.size, 0);
    t.same(warnings, []);
    t.match(maskedYaml, 'server_groups: []');
  }
});

t.test('sections and keys with an empty value count as missing', async (t) => {
  for (const text of [
    'promxy:',
    'promxy:\n  server_groups:',
    'promxy: ~',
    'global:\npromxy:\n  server_groups: null',
  ]) {
    t.same(parseConfig(text, 'config.yaml').settings.serverGroups, [], text);
  }
  const group = firstGroup(
    withGroup('labels:', 'scheme:', 'http_client:', 'path_prefix: ""', 'query_params:'),
  );
  t.equal(group.scheme, 'http');
  t.equal(group.labels.size, 0);
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
      expected: { antiAffinityMs: 1500 },
    },
    {
      name: 'native histograms',
      lines: ['remote_read: true', 'native_histogram: {metadata_refresh: 30s, allow_lossy: true}'],
      expected: {
        remoteReadPath: '/api/v1/read',
        histogramRefreshMs: 30_000,
        allowsLossyHistograms: true,
      },
    },
    {
      name: 'native histograms with the defaults',
      lines: ['native_histogram: {metadata_refresh: 0s, allow_lossy: false}'],
      expected: {},
    },
    { name: 'remote read', lines: ['remote_read: true'], expected: { remoteReadPath: '/api/v1/read' } },
    {
      name: 'remote read with a path',
      lines: ['remote_read: true', 'remote_read_path: /read/it/'],
      expected: { remoteReadPath: '/read/it' },
    },
    { name: 'no anti-affinity', lines: ['anti_affinity: 0s'], expected: { antiAffinityMs: 0 } },
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

t.test('anchors, aliases and merge keys work as in promxy', async (t) => {
  const { settings } = parseConfig(
    [
      'promxy:',
      '  server_groups:',
      '    - &base',
      '      static_configs: [{targets: &targets [a]}]',
      '      labels: &labels {region: north, zone: a}',
      '      scheme: https',
      '    - <<: *base',
      '      labels: {<<: *labels, region: south}',
      '    - <<: [{scheme: http}, *base]',
      '      static_configs: [{targets: *targets}]',
      '      labels: {region: west}',
    ].join('\n'),
    'config.yaml',
  );
  t.same(
    settings.serverGroups.map((group) => [group.scheme, group.labels.toJSON(), addressesOf(group)]),
    [
      ['https', { region: 'north', zone: 'a' }, ['a:443']],
      ['https', { region: 'south', zone: 'a' }, ['a:443']],
      ['http', { region: 'west' }, ['a:80']],
    ],
  );
});

t.test('the global section becomes settings', async (t) => {
  const { settings } = parseConfig(
    'global: {evaluation_interval: 5s, external_labels: {source: promfed, id: 1}}',
    'config.yaml',
  );
  t.equal(settings.evaluationIntervalMs, 5000);
  t.same(settings.externalLabels.toJSON(), { source: 'promfed', id: '1' });
  t.equal(parseConfig('global: {evaluation_interval: 0s}', 'c').settings.evaluationIntervalMs, 60_000);
});

t.test('each key without effect is a warning with its position and the reason', async (t) => {
  const yaml = [
    'global: {scrape_interval: 15s, evaluation_interval: 1m, rule_query_offset: 1m}',
    'rule_files: [a.yaml]',
    'alerting: {alertmanagers: []}',
    'remote_write: [{url: http://x, queue_config: {capacity: 1}}]',
    'scrape_configs: [{job_name: x}]',
    'scrape_config_files: []',
    'remote_read: [{url: http://x}]',
    'storage: {tsdb: {}}',
    'tracing: {endpoint: x}',
    'otlp: {}',
    'runtime: {gogc: 75}',
  ].join('\n');
  const scraping = 'has no effect: promfed does not scrape targets or store samples';
  const rules = 'has no effect: rules are not evaluated yet';
  t.same(parseConfig(yaml, 'c.yaml').warnings, [
    `c.yaml:1:10: global.scrape_interval ${scraping}`,
    `c.yaml:1:57: global.rule_query_offset ${rules}`,
    `c.yaml:2:1: rule_files ${rules}`,
    `c.yaml:3:1: alerting ${rules}`,
    `c.yaml:4:1: remote_write ${rules}`,
    `c.yaml:5:1: scrape_configs ${scraping}`,
    `c.yaml:6:1: scrape_config_files ${scraping}`,
    'c.yaml:7:1: remote_read has no effect: promfed reads only from its server groups',
    `c.yaml:8:1: storage ${scraping}`,
    'c.yaml:9:1: tracing has no effect: traces are not exported yet',
    `c.yaml:10:1: otlp ${scraping}`,
    'c.yaml:11:1: runtime has no effect: it configures the Go runtime, which promfed does not use',
  ]);
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

t.test('the configuration of KOF with regions is loaded', async (t) => {
  const { settings, warnings } = await loadConfig(join(DATA, 'kof-regional.yaml'));
  t.equal(settings.evaluationIntervalMs, 5000);
  t.same(settings.externalLabels.toJSON(), { source: 'promxy' });
  t.match(settings.serverGroups, [
    {
      name: 'north/kcm-system',
      scheme: 'https',
      targets: [{ address: 'vmauth.north.example:443' }],
      pathPrefix: '/vm/select/0/prometheus',
      ignoreError: true,
      httpClient: {
        dialTimeoutMs: 5000,
        authentication: {
          kind: 'basic',
          username: { value: 'admin-north' },
          password: { value: 's3cr3t-north' },
        },
        tls: { insecureSkipVerify: false },
      },
    },
    { name: 'south/kcm-system', httpClient: { dialTimeoutMs: 200, tls: { insecureSkipVerify: true } } },
    { name: 'mothership/kof', scheme: 'http', httpClient: { authentication: undefined } },
  ]);
  t.same(
    warnings.map((warning) => /:(\d+:\d+: \w+)/.exec(warning)?.[1]),
    ['5:1: rule_files', '7:1: alerting', '13:1: remote_write'],
  );
});

t.test('the configuration of KOF without regions is loaded', async (t) => {
  for (const file of ['kof-first-install.yaml', 'kof-no-groups.yaml']) {
    t.same((await loadConfig(join(DATA, file))).settings.serverGroups, [], file);
  }
});

t.test(
  "every configuration that KOF's operator renders is loaded",
  { skip: withoutShared('kof/golden') },
  async (t) => {
    const files = readdirSync(GOLDEN);
    t.ok(files.length >= 5);
    for (const file of files) {
      const text = readFileSync(join(GOLDEN, file), 'utf8');
      const { settings, warnings } = await loadConfig(join(GOLDEN, file));
      t.equal(settings.serverGroups.length, text.match(/ignore_error/g)?.length ?? 0, file);
      t.ok(
        settings.serverGroups.every(({ ignoreError, labels }) => ignoreError && labels.has('promxyCluster')),
      );
      t.ok(warnings.every((warning) => warning.includes('rules are not evaluated yet')));
    }
  },
);

t.test('an unreadable file is an error with the reason', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-config-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const cases: { path: string; message: RegExp }[] = [
    {
      path: join(directory, 'none.yaml'),
      message: /cannot load the configuration: .*none\.yaml does not exist$/,
    },
    { path: directory, message: /is a directory$/ },
    {
      path: write('latin.yaml', Buffer.from('a: caf\xe9', 'latin1')),
      message: /latin\.yaml: file is not valid UTF-8$/,
    },
    {
      path: write('utf16.yaml', Buffer.from('promxy:', 'utf16le').fill(0xff, 0, 1)),
      message: /not valid UTF-8$/,
    },
    { path: write('big.yaml', '#'.repeat(4 * 1024 * 1024 + 1)), message: /larger than 4 MiB$/ },
    { path: '/dev/zero', message: /larger than 4 MiB$/ },
    { path: join(directory, 'big.yaml', 'x'), message: /not a directory$/ },
  ];
  for (const { path, message } of cases) {
    await t.rejects(loadConfig(path), { message, code: 'bad_data' });
    const error: unknown = await loadConfig(path).catch((thrown: unknown) => thrown);
    t.ok(error instanceof ConfigError);
  }
});
