// The section `alerting`.

import t from 'tap';

import {
  type AlertingSettings,
  type ConfigOptions,
  type LoadedConfig,
  parseConfig,
} from '../../../src/config/index.js';

const load = (alertmanager: string, options: ConfigOptions = {}): LoadedConfig =>
  parseConfig(`alerting: {alertmanagers: [{${alertmanager}}]}`, 'c.yaml', options);

const parse = (alertmanager: string, options: ConfigOptions = {}): AlertingSettings =>
  load(alertmanager, options).settings.alerting;

function errorOf(alertmanager: string): string {
  try {
    load(alertmanager);
    return 'accepted';
  } catch (error) {
    return (error as Error).message
      .replaceAll('alerting.alertmanagers[0]', 'X')
      .replace(/^c.yaml:\S+ /gm, '');
  }
}

const TARGETS = 'static_configs: [{targets: [a]}]';

t.test('missing keys have the defaults of Prometheus', async (t) => {
  t.match(parse(TARGETS), {
    relabel: [],
    alertmanagers: [
      {
        scheme: 'http',
        pathPrefix: '',
        timeoutMs: 10_000,
        targets: [{ address: 'a' }],
        relabel: [],
        alertRelabel: [],
        headers: [],
        httpClient: { dialTimeoutMs: 10_000, authentication: undefined },
      },
    ],
  });
});

t.test('every key becomes a setting', async (t) => {
  const { alertmanagers } = parse(
    'scheme: https, path_prefix: am/, timeout: 45s, api_version: v2, ' +
      'static_configs: [{targets: [a, "b:9093"], labels: {__alerts_path__: /x, zone: y}}, {targets: ["[::1]:1"]}], ' +
      'relabel_configs: [{action: keep, source_labels: [zone]}], alert_relabel_configs: [{action: labeldrop, regex: b}], ' +
      'basic_auth: {username: u, password_file: /p}, tls_config: {insecure_skip_verify: true}, ' +
      'http_headers: {X-A: {values: [a, b], secrets: [c], files: [/p]}}',
    { readText: (path) => ({ text: `content of ${path}\n` }) },
  );
  t.match(alertmanagers, [
    {
      scheme: 'https',
      pathPrefix: '/am',
      timeoutMs: 45_000,
      relabel: [{ action: 'keep', sourceLabels: ['zone'] }],
      alertRelabel: [{ action: 'labeldrop', regex: 'b' }],
      headers: [
        ['X-A', 'a'],
        ['X-A', 'b'],
        ['X-A', 'c'],
        ['X-A', 'content of /p'],
      ],
      httpClient: {
        dialTimeoutMs: 30_000,
        authentication: {
          kind: 'basic',
          username: { value: 'u' },
          password: { value: 'content of /p', file: '/p' },
        },
        tls: { insecureSkipVerify: true },
      },
    },
  ]);
  t.same(
    alertmanagers[0]!.targets.map(({ address, labels }) => [address, labels.toJSON()]),
    [
      ['a', { __alerts_path__: '/x', zone: 'y' }],
      ['b:9093', { __alerts_path__: '/x', zone: 'y' }],
      ['[::1]:1', {}],
    ],
  );
});

t.test('an entry without targets is a warning', async (t) => {
  t.same(load('scheme: https').warnings, [
    'c.yaml:1:28: alerting.alertmanagers[0]: no targets; no alerts are sent',
  ]);
});

t.test('invalid entries are reported', async (t) => {
  const cases: { yaml: string; expected: string }[] = [
    { yaml: 'scheme: ftp', expected: 'X.scheme: must be one of http, https; got "ftp"' },
    { yaml: 'api_version: v1', expected: 'X.api_version: must be one of v2; got "v1"' },
    { yaml: 'timeout: 0s', expected: 'X.timeout: duration must be greater than 0' },
    { yaml: 'url: http://a', expected: 'X: unknown key "url"' },
    {
      yaml: 'static_configs: [{targets: ["http://a"]}]',
      expected:
        'X.static_configs[0].targets[0]: invalid target "http://a": must be host:port without a scheme; use scheme and path_prefix',
    },
    {
      yaml: 'static_configs: [{targets: ["u:hunter2@a"]}]',
      expected:
        'X.static_configs[0].targets[0]: invalid target: must be host:port without a user name or password; use basic_auth',
    },
    {
      yaml: `${TARGETS}, dns_sd_configs: [{names: [a]}]`,
      expected: 'X.dns_sd_configs: not supported yet; remove the key',
    },
    { yaml: `${TARGETS}, sigv4: {}`, expected: 'X.sigv4: not supported yet; remove the key' },
    { yaml: `${TARGETS}, oauth2: {}`, expected: 'X.oauth2: not supported yet; remove the key' },
    {
      yaml: `${TARGETS}, basic_auth: {username: u}, bearer_token: t`,
      expected:
        'X.bearer_token: at most one of basic_auth, authorization, bearer_token & bearer_token_file must be configured, not basic_auth and bearer_token',
    },
    {
      yaml: `${TARGETS}, http_headers: {authorization: {values: [a]}}`,
      expected: 'X.http_headers: header "authorization" must not be set: use basic_auth or authorization',
    },
    {
      yaml: `${TARGETS}, http_headers: {User-Agent: {values: [a]}}`,
      expected: 'X.http_headers: header "User-Agent" must not be set: it is reserved',
    },
    {
      yaml: `${TARGETS}, http_headers: {X-A: {files: [/none]}}`,
      expected: 'X.http_headers.X-A.files[0]: /none does not exist',
    },
    {
      yaml: `${TARGETS}, relabel_configs: [{action: keepequal}]`,
      expected:
        "X.relabel_configs[0]: relabel configuration for keepequal action requires 'target_label' value",
    },
  ];
  for (const { yaml, expected } of cases) t.equal(errorOf(yaml), expected, yaml);
});

t.test('a problem of one entry does not hide those of others', async (t) => {
  const yaml =
    'alerting:\n  alertmanagers:\n  - scheme: x\n  - bearer_token: a\n    basic_auth: {username: b}\n  alert_relabel_configs: [{}]';
  t.throws(() => parseConfig(yaml, 'c.yaml'), { message: /^c\.yaml:3.*\nc\.yaml:4.*\nc\.yaml:6/ });
});
