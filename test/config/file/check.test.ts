// Rejected configurations: one line per problem, with its position, and never a secret.

import t from 'tap';

import { parseConfig } from '../../../src/config/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { ConfigError } from '../../../src/config/config-error.js';

/** The lines of the error, without the file name. */
function problemsOf(yaml: string): string[] {
  try {
    parseConfig(yaml, 'c.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^c\.yaml:/, ''));
  }
  return [];
}

/** One group in flow style on one line. The keys start at column 28. */
const group = (keys: string): string => `promxy: {server_groups: [{${keys}}]}`;
const TARGETS = 'static_configs: [{targets: [a]}]';
const withTarget = (keys: string): string => group(`${TARGETS}, ${keys}`);

t.test('a problem is reported with its line, its column and the fix', async (t) => {
  const cases: { name: string; yaml: string; expected: string[] }[] = [
    {
      name: 'an unknown key at the top level',
      yaml: 'globl: {}',
      expected: ['1:1: unknown key "globl"; did you mean "global"?'],
    },
    {
      name: 'an unknown key without a value',
      yaml: 'promxy:\n  servergroups:',
      expected: ['2:3: promxy: unknown key "servergroups"; did you mean "server_groups"?'],
    },
    {
      name: 'an unknown key unlike any other',
      yaml: 'promxy:\n  quux: 1',
      expected: ['2:3: promxy: unknown key "quux"'],
    },
    {
      name: 'an unknown nested key',
      yaml: withTarget('http_client: {tls_config: {insecure_skip_verfy: true}}'),
      expected: [
        '1:88: promxy.server_groups[0].http_client.tls_config: unknown key "insecure_skip_verfy"; ' +
          'did you mean "insecure_skip_verify"?',
      ],
    },
    {
      name: 'an unsupported key',
      yaml: withTarget('prefer_max: true, kubernetes_sd_configs: [{role: pod}], idle_conn_timeout: 6m'),
      expected: [
        '1:61: promxy.server_groups[0].prefer_max: not supported yet; remove the key or set it to false',
        '1:79: promxy.server_groups[0].kubernetes_sd_configs: not supported yet; remove the key',
        '1:117: promxy.server_groups[0].idle_conn_timeout: not supported yet; remove the key or set it to 5m',
      ],
    },
    {
      name: 'a feature of promxy that promfed lacks',
      yaml: withTarget('http_client: {follow_redirects: true, enable_http2: true}'),
      expected: [
        '1:75: promxy.server_groups[0].http_client.follow_redirects: not supported yet; remove the key or set it to false',
        '1:99: promxy.server_groups[0].http_client.enable_http2: not supported yet; remove the key or set it to false',
      ],
    },
    {
      name: 'an unsupported key at the top level',
      yaml: 'tls_server_config: {cert_file: x}\nglobal: {query_log_file: /x}',
      expected: [
        '1:1: tls_server_config: not supported yet; remove the key',
        '2:10: global.query_log_file: not supported yet; remove the key',
      ],
    },
    {
      name: 'wrong types',
      yaml:
        'global: []\npromxy:\n  server_groups:\n    - scheme: [http]\n      ignore_error: maybe\n' +
        '      labels: text\n      static_configs: {targets: [a]}\n    - 5\n',
      expected: [
        '1:9: global: must be a mapping; got a list',
        '4:15: promxy.server_groups[0].scheme: must be one of http, https; got a list',
        '5:21: promxy.server_groups[0].ignore_error: must be true or false; got a string',
        '6:15: promxy.server_groups[0].labels: must be a mapping; got a string',
        '7:23: promxy.server_groups[0].static_configs: must be a list; got a mapping',
        '8:7: promxy.server_groups[1]: must be a mapping; got a number',
      ],
    },
    {
      name: 'a quoted boolean',
      yaml: withTarget('ignore_error: "true"'),
      expected: ['1:75: promxy.server_groups[0].ignore_error: must be true or false; got a string'],
    },
    {
      name: 'static_configs without the key of targets',
      yaml: group('static_configs: [{labels: {}}]'),
      expected: ['1:44: promxy.server_groups[0].static_configs[0]: missing key "targets"'],
    },
    {
      name: 'an empty item of a list',
      yaml: 'promxy:\n  server_groups:\n    -\n    - static_configs: [{targets: [a]}]',
      expected: ['3:6: list item must not be empty'],
    },
    {
      name: 'a duplicate key',
      yaml: 'global: {}\npromxy: {}\nglobal: {}\n',
      expected: ['3:1: duplicate key "global"; first defined on line 1'],
    },
    {
      name: 'keys that are not strings',
      yaml: '? [a]\n: 1\n? {b: c}\n: 2\n',
      expected: ['1:3: key must be a string', '3:3: key must be a string'],
    },
    {
      name: 'targets that are not host:port',
      yaml: group(
        'static_configs: [{targets: ["http://a:1", "a/b", "a:b", "::1", "a:0", "a:65536", "", "a b", "u:hunter2@h:1"]}]',
      ),
      expected: [
        'invalid target "http://a:1": must be host:port without a scheme; use scheme and path_prefix',
        'invalid target "a/b": must be host:port without a path; use path_prefix',
        'invalid target "a:b": must be host:port',
        'invalid target "::1": must be host:port',
        'invalid target "a:0": port must be between 1 and 65535',
        'invalid target "a:65536": port must be between 1 and 65535',
        'invalid target "": must be host:port',
        'invalid target "a b": must be host:port',
        'invalid target: must be host:port without a user name or password; use http_client.basic_auth',
      ].map(
        (text, i) =>
          `1:${[55, 69, 76, 83, 90, 97, 108, 112, 119][i]!}: promxy.server_groups[0].static_configs[0].targets[${i}]: ${text}`,
      ),
    },
    {
      name: 'labels of targets that cannot be applied',
      yaml: group('static_configs: [{targets: [a], labels: {zone: a, __scheme__: https}}]'),
      expected: [
        '1:77: promxy.server_groups[0].static_configs[0].labels.__scheme__: labels with this prefix are for ' +
          'relabel_configs, which are not supported yet',
      ],
    },
    {
      name: 'label names',
      yaml: withTarget('labels: {"": x, __name__: up}'),
      expected: [
        '1:70: promxy.server_groups[0].labels: label name must not be empty',
        '1:77: promxy.server_groups[0].labels: label "__name__" must not be set: it is the name of the metric',
      ],
    },
    {
      name: 'durations',
      yaml: withTarget('timeout: 10, anti_affinity: -1s, http_client: {dial_timeout: soon}'),
      expected: [
        '1:70: promxy.server_groups[0].timeout: missing unit in duration "10"; write 10s for seconds',
        '1:89: promxy.server_groups[0].anti_affinity: duration must not be negative',
        '1:122: promxy.server_groups[0].http_client.dial_timeout: not a valid duration string: "soon"',
      ],
    },
    {
      name: 'paths',
      yaml: ['"http://h/p"', '/a?b', '/a/../b', '"/a b"', '/a%20b']
        .map(
          (path, i) =>
            `${i === 0 ? 'promxy:\n  server_groups:\n' : ''}    - {${TARGETS}, path_prefix: ${path}}`,
        )
        .join('\n'),
      expected: [
        '3:55: promxy.server_groups[0].path_prefix: invalid path "http://h/p": must not contain a scheme and a host',
        '4:55: promxy.server_groups[1].path_prefix: invalid path "/a?b": must not contain any of ? # % \\ " < > ^ ` { | }',
        '5:55: promxy.server_groups[2].path_prefix: invalid path "/a/../b": must not contain the segments . and ..',
        '6:55: promxy.server_groups[3].path_prefix: path must contain only printable ASCII characters without spaces',
        '7:55: promxy.server_groups[4].path_prefix: invalid path "/a%20b": must not contain any of ? # % \\ " < > ^ ` { | }',
      ],
    },
    {
      name: 'invalid and reserved headers and parameters',
      yaml: withTarget(
        'http_headers: {"a b": x, Host: x, Content-Length: 1, X: "a\\r\\nb"}, query_params: {query: up}',
      ),
      expected: [
        '1:76: promxy.server_groups[0].http_headers: invalid header name "a…"',
        '1:86: promxy.server_groups[0].http_headers: header "Host" must not be set: it is reserved',
        '1:95: promxy.server_groups[0].http_headers: header "Content-Length" must not be set: it is reserved',
        '1:117: promxy.server_groups[0].http_headers.X[0]: header value must contain only Latin-1 characters, without control characters and line breaks',
        '1:143: promxy.server_groups[0].query_params: parameter "query" must not be set: it is reserved',
      ],
    },
    {
      name: 'names',
      yaml: `promxy:\n  server_groups:\n    - {name: a, ${TARGETS}}\n    - {name: " ", ${TARGETS}}\n    - {${TARGETS}, name: a}\n    - {name: a, ${TARGETS}}`,
      expected: [
        '4:14: promxy.server_groups[1].name: name must not be empty',
        '5:42: promxy.server_groups[2].name: duplicate name "a"; first used on line 3',
        '6:8: promxy.server_groups[3].name: duplicate name "a"; first used on line 3',
      ],
    },
    {
      name: 'loosely checked sections',
      yaml: 'rule_files: x\nalerting: []\nremote_write: [{name: x}]',
      expected: [
        '1:13: rule_files: must be a list; got a string',
        '2:11: alerting: must be a mapping; got a list',
        '3:16: remote_write[0]: missing key "url"',
      ],
    },
    {
      name: 'problems of the schema and of other checks',
      yaml: `promxy:\n  server_groups:\n    - {${TARGETS}, schem: http}\n    - {${TARGETS}, http_client: {authorization: {}}}`,
      expected: [
        '3:42: promxy.server_groups[0]: unknown key "schem"; did you mean "scheme"?',
        '4:56: promxy.server_groups[1].http_client.authorization: missing credentials; set credentials or ' +
          'credentials_file',
      ],
    },
    {
      name: 'an unpaired surrogate',
      yaml: 'global: {external_labels: {a: "\\uD800", "\\uDC00": b}}',
      expected: [
        '1:31: invalid Unicode: the string contains an unpaired surrogate',
        '1:41: invalid Unicode: the string contains an unpaired surrogate',
      ],
    },
    {
      name: 'the name of a server',
      yaml: withTarget('http_client: {tls_config: {server_name: "a:1"}}'),
      expected: [
        '1:101: promxy.server_groups[0].http_client.tls_config.server_name: invalid host name "a:1"',
      ],
    },
    { name: 'a list', yaml: '- 1', expected: ['1:1: the file must be a mapping; got a list'] },
    { name: 'a string', yaml: 'promxy', expected: ['1:1: the file must be a mapping; got a string'] },
  ];
  for (const { name, yaml, expected } of cases) t.same(problemsOf(yaml), expected, name);
});

t.test('invalid YAML is reported with its position', async (t) => {
  const cases: { name: string; yaml: string; expected: RegExp }[] = [
    { name: 'an open quote', yaml: 'a: "b', expected: /^1:6: invalid YAML: missing character/ },
    { name: 'an open bracket', yaml: 'a: [b,\nc: d', expected: /^2:1: / },
    { name: 'two colons', yaml: 'a: b: c', expected: /^1:4: invalid YAML: mapping or list in place of/ },
    { name: 'a tab', yaml: 'a:\n\tb: c', expected: /^2:1: invalid YAML: tab in indentation/ },
    {
      name: 'bad indentation',
      yaml: 'a:\n    b: 1\n  c: 2',
      expected: /^3:1: invalid YAML: inconsistent indentation/,
    },
    {
      name: 'two documents',
      yaml: 'global: {}\n---\nglobal: {}',
      expected: /^2:1: invalid YAML: the file must contain a single document/,
    },
    { name: 'an unknown alias', yaml: 'global: *x', expected: /^1:9: invalid YAML: unknown alias/ },
    {
      name: 'an alias of itself',
      yaml: 'global: &x {a: *x}',
      expected: /^1:16: invalid YAML: alias refers to a value that contains it/,
    },
    { name: 'a custom tag', yaml: 'global: !vault abc', expected: /^1:9: invalid YAML: unknown tag/ },
    {
      name: 'a merge of a string',
      yaml: 'global: {<<: x}',
      expected: /^1:14: value of << must be a mapping/,
    },
    { name: 'a control character', yaml: '\u0001', expected: /^1:1: / },
    { name: 'an HTML page', yaml: '<html><body>404: Not Found</body></html>', expected: /^1:1: / },
    { name: 'JSON with an extra comma', yaml: '{"global": {},, }', expected: /^1:15: / },
  ];
  for (const { name, yaml, expected } of cases) t.match(problemsOf(yaml).join('\n'), expected, name);
});

t.test('a ConfigError has the position and text of each problem', async (t) => {
  const error: unknown = await Promise.resolve()
    .then(() => parseConfig('b: 1\na: 2', 'c.yaml'))
    .catch((thrown: unknown) => thrown);
  t.ok(error instanceof ConfigError && error instanceof PromfedError);
  t.match(error, {
    code: 'bad_data',
    file: 'c.yaml',
    problems: [
      { position: { line: 1, column: 1 }, text: 'unknown key "b"' },
      { position: { line: 2, column: 1 }, text: 'unknown key "a"' },
    ],
  });
});

t.test('twenty problems are listed, the others are counted', async (t) => {
  const yaml = Array.from({ length: 50 }, (_, i) => `key${i}: 1`).join('\n');
  const lines = problemsOf(yaml);
  t.equal(lines.length, 21);
  t.equal(lines.at(-1), ' and 30 more problems');
});

t.test('no message contains a secret, wherever the secret is in the file', async (t) => {
  const secret = 'hunter2hunter2';
  const lines = [
    `      http_client: {basic_auth: {password: [${secret}]}}`,
    `      http_client: {basic_auth: {password: {${secret}: 1}}}`,
    `      http_client: {basic_auth: {password:${secret}}}`,
    `      http_client: {basic_auth: ${secret}}`,
    `      http_client: ${secret}`,
    `      http_client: {bearer_token: *${secret}}`,
    `      http_client: {bearer_token: !${secret} x}`,
    `      http_client: {bearer_token: "${secret}}`,
    `      http_client: {bearer_token: "${secret}\\q"}`,
    `      http_client: {bearer_token: "${secret}\\u0001", basic_auth: {username: a, password: ${secret}}}`,
    `      http_client: {bearer_token: "${secret}\\n\\u20ac"}`,
    `      http_client: {authorization: {type: "Basic", credentials: ${secret}}}`,
    `      http_client: {authorization: {type: "a b", credentials: ${secret}}}`,
    `      http_client: {tls_config: {key: ${secret}}}`,
    `      http_client: {tls_config: {cert: x, key: ${secret}}}`,
    `      http_client: {authorization: {credentials: ${secret}, credentials_file: /x}}`,
    `      http_headers: {Authorization: "${secret}\\n"}`,
    `      http_headers: {Authorization: {a: ${secret}}}`,
    `      http_headers: {Authorization: ${secret}}\n      http_client: {bearer_token: ${secret}}`,
    `      http_headers: {"Authorization: ${secret}": x}`,
  ];
  for (const line of lines) {
    const yaml = `promxy:\n  server_groups:\n    - static_configs: [{targets: [a]}]\n${line}\n`;
    const problems = problemsOf(yaml);
    t.ok(problems.length > 0, `rejected: ${line}`);
    t.notMatch(problems.join('\n'), secret, line);
  }
});
