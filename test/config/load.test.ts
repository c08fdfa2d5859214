// Valid configurations and their settings.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import t from 'tap';

import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig, parseConfig } from '../../src/config/index.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const DATA = resolve('test/testdata/config');
const GOLDEN = sharedPath('kof/golden');

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

t.test('sections with an empty value count as missing', async (t) => {
  for (const text of [
    'promxy:',
    'promxy:\n  server_groups:',
    'promxy: ~',
    'global:\npromxy:\n  server_groups: null',
  ]) {
    t.same(parseConfig(text, 'config.yaml').settings.serverGroups, [], text);
  }
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
    settings.serverGroups.map(({ scheme, labels, targets }) => [
      scheme,
      labels.toJSON(),
      targets.map(({ address }) => address),
    ]),
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
  t.equal(settings.ruleQueryOffsetMs, 0);
  const other = parseConfig('global: {evaluation_interval: 0s, rule_query_offset: 30s}', 'c').settings;
  t.equal(other.evaluationIntervalMs, 60_000);
  t.equal(other.ruleQueryOffsetMs, 30_000);
});

t.test('each key without effect is a warning with its position and the reason', async (t) => {
  const yaml = [
    'global: {scrape_interval: 15s, evaluation_interval: 1m, rule_query_offset: 1m}',
    'remote_write: [{url: http://x, send_exemplars: true}]',
    'scrape_configs: [{job_name: x}]',
    'scrape_config_files: []',
    'remote_read: [{url: http://x}]',
    'storage: {tsdb: {}}',
    'tracing: {endpoint: x}',
    'otlp: {}',
    'runtime: {gogc: 75}',
  ].join('\n');
  const scraping = 'has no effect: promfed does not scrape targets or store samples';
  t.same(parseConfig(yaml, 'c.yaml').warnings, [
    `c.yaml:1:10: global.scrape_interval ${scraping}`,
    'c.yaml:2:32: remote_write[0].send_exemplars has no effect: rules have no exemplars',
    `c.yaml:3:1: scrape_configs ${scraping}`,
    `c.yaml:4:1: scrape_config_files ${scraping}`,
    'c.yaml:5:1: remote_read has no effect: promfed reads only from its server groups',
    `c.yaml:6:1: storage ${scraping}`,
    'c.yaml:7:1: tracing has no effect: traces are not exported yet',
    `c.yaml:8:1: otlp ${scraping}`,
    'c.yaml:9:1: runtime has no effect: it configures the Go runtime, which promfed does not use',
  ]);
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
  t.match(settings.alerting.alertmanagers, [
    { scheme: 'http', targets: [{ address: 'alertmanager.example:9093' }] },
  ]);
  t.match(settings.remoteWrite, [
    { url: 'http://vminsert.example:8480/insert/0/prometheus/api/v1/write', protocol: '1.0' },
  ]);
  t.same(warnings, []);
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
      t.same(warnings, []);
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
