// Configurations that are refused: every problem on a line of its own, with its place, and never with a secret.

import t from 'tap';

import { ConfigError, parseConfig } from '../../src/config/index.js';
import { PromfedError } from '../../src/model/index.js';

/** The lines of the error, without the name of the file. */
function problemsOf(yaml: string): string[] {
  try {
    parseConfig(yaml, 'c.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^c\.yaml:/, ''));
  }
  return [];
}

/** One group in flow style on one line; the keys begin in column 28. */
const group = (keys: string): string => `promxy: {server_groups: [{${keys}}]}`;
const TARGETS = 'static_configs: [{targets: [a]}]';
const withTarget = (keys: string): string => group(`${TARGETS}, ${keys}`);

t.test('a problem is named with its line, its column and what to do', async (t) => {
  const cases: { name: string; yaml: string; expected: string[] }[] = [
    {
      name: 'an unknown key at the top',
      yaml: 'globl: {}',
      expected: ['1:1: unknown key "globl"; did you mean "global"?'],
    },
    {
      name: 'an unknown key without a value',
      yaml: 'promxy:\n  servergroups:',
      expected: ['2:3: unknown key "servergroups" in promxy; did you mean "server_groups"?'],
    },
    {
      name: 'an unknown key that is like no other',
      yaml: 'promxy:\n  quux: 1',
      expected: ['2:3: unknown key "quux" in promxy'],
    },
    {
      name: 'an unknown key deep inside',
      yaml: withTarget('http_client: {tls_config: {insecure_skip_verfy: true}}'),
      expected: [
        '1:88: unknown key "insecure_skip_verfy" in promxy.server_groups[0].http_client.tls_config; ' +
          'did you mean "insecure_skip_verify"?',
      ],
    },
    {
      name: 'a key that a later version will have',
      yaml: withTarget('prefer_max: true, kubernetes_sd_configs: [{role: pod}], idle_conn_timeout: 6m'),
      expected: [
        '1:61: "prefer_max" in promxy.server_groups[0] is not supported yet',
        '1:79: "kubernetes_sd_configs" in promxy.server_groups[0] is not supported yet',
        '1:117: "idle_conn_timeout" in promxy.server_groups[0] is not supported yet',
      ],
    },
    {
      name: 'what promxy does and promfed does not',
      yaml: withTarget('http_client: {follow_redirects: true, enable_http2: true}'),
      expected: [
        '1:75: "follow_redirects" in promxy.server_groups[0].http_client is not supported yet',
        '1:99: "enable_http2" in promxy.server_groups[0].http_client is not supported yet',
      ],
    },
    {
      name: 'a later key at the top',
      yaml: 'tls_server_config: {cert_file: x}\nglobal: {query_log_file: /x}',
      expected: [
        '1:1: "tls_server_config" is not supported yet',
        '2:10: "query_log_file" in global is not supported yet',
      ],
    },
    {
      name: 'wrong types',
      yaml:
        'global: []\npromxy:\n  server_groups:\n    - scheme: [http]\n      ignore_error: maybe\n' +
        '      labels: text\n      static_configs: {targets: [a]}\n    - 5\n',
      expected: [
        '1:9: global must be a mapping, not a list',
        '4:15: promxy.server_groups[0].scheme must be one of http, https, not a list',
        '5:21: promxy.server_groups[0].ignore_error must be true or false, not a text',
        '6:15: promxy.server_groups[0].labels must be a mapping, not a text',
        '7:23: promxy.server_groups[0].static_configs must be a list, not a mapping',
        '8:7: promxy.server_groups[1] must be a mapping, not a number',
      ],
    },
    {
      name: 'a quoted boolean',
      yaml: withTarget('ignore_error: "true"'),
      expected: ['1:75: promxy.server_groups[0].ignore_error must be true or false, not a text'],
    },
    {
      name: 'a group without targets',
      yaml: `${group('')}\n`,
      expected: ['1:26: a server group needs at least one target: static_configs is missing or empty'],
    },
    {
      name: 'static_configs without targets',
      yaml: group('static_configs: [{labels: {}}, {targets: []}]'),
      expected: [
        '1:44: promxy.server_groups[0].static_configs[0] has no "targets"',
        '1:68: promxy.server_groups[0].static_configs[1].targets is empty',
      ],
    },
    {
      name: 'an empty item of a list',
      yaml: 'promxy:\n  server_groups:\n    -\n    - static_configs: [{targets: [a]}]',
      expected: ['3:6: this item of the list is empty'],
    },
    {
      name: 'a key that is given twice',
      yaml: 'global: {}\npromxy: {}\nglobal: {}\n',
      expected: ['3:1: the key "global" is given twice, first in line 1'],
    },
    {
      name: 'keys that are no texts',
      yaml: '? [a]\n: 1\n? {b: c}\n: 2\n',
      expected: ['1:3: a key must be a text', '3:3: a key must be a text'],
    },
    {
      name: 'targets that are no host:port',
      yaml: group(
        'static_configs: [{targets: ["http://a:1", "a/b", "a:b", "::1", "a:0", "a:65536", "", "a b", "u:hunter2@h:1"]}]',
      ),
      expected: [
        '"http://a:1" is a URL: write the target as host:port, and use scheme and path_prefix',
        '"a/b" is not host:port: a path belongs in path_prefix',
        '"a:b" is not host:port',
        '"::1" is not host:port',
        'the port of "a:0" must be between 1 and 65535',
        'the port of "a:65536" must be between 1 and 65535',
        '"" is not host:port',
        '"a b" is not host:port',
        'a target is host:port, without a user name or password: those belong in http_client.basic_auth',
      ].map(
        (text, i) =>
          `1:${[55, 69, 76, 83, 90, 97, 108, 112, 119][i]!}: promxy.server_groups[0].static_configs[0].targets[${i}]: ${text}`,
      ),
    },
    {
      name: 'labels of targets that cannot be applied',
      yaml: group(
        'static_configs: [{targets: [a], labels: {zone: a, __scheme__: https}}, {targets: [b], labels: {zone: b}}]',
      ),
      expected: [
        '1:77: the target label "__scheme__" has a meaning for relabel_configs only, which are not supported yet',
        '1:113: the targets of one server group have different labels, which is not supported yet: ' +
          'make one server group for each set of labels',
      ],
    },
    {
      name: 'label names',
      yaml: withTarget('labels: {"": x, __name__: up}'),
      expected: [
        '1:70: promxy.server_groups[0].labels: a label name must not be empty',
        '1:77: promxy.server_groups[0].labels: "__name__" is the name of the metric and cannot be set here',
      ],
    },
    {
      name: 'durations',
      yaml: withTarget('timeout: 10, anti_affinity: -1s, http_client: {dial_timeout: soon}'),
      expected: [
        '1:70: promxy.server_groups[0].timeout: the duration 10 has no unit: write 10s for seconds',
        '1:89: promxy.server_groups[0].anti_affinity: a duration must not be negative',
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
        '3:55: promxy.server_groups[0].path_prefix: "http://h/p" is a URL: only its path belongs here',
        '4:55: promxy.server_groups[1].path_prefix: "/a?b" is not a path: it must not contain any of ? # % \\ " < > ^ ` { | }',
        '5:55: promxy.server_groups[2].path_prefix: "/a/../b" must not contain the segments . or ..',
        '6:55: promxy.server_groups[3].path_prefix: a path must consist of visible ASCII characters',
        '7:55: promxy.server_groups[4].path_prefix: "/a%20b" is not a path: it must not contain any of ? # % \\ " < > ^ ` { | }',
      ],
    },
    {
      name: 'headers and parameters that are not ours to give away',
      yaml: withTarget(
        'http_headers: {"a b": x, Host: x, Content-Length: 1, X: "a\\r\\nb"}, query_params: {query: up}',
      ),
      expected: [
        '1:76: promxy.server_groups[0].http_headers: "a…" is not a valid header name',
        '1:86: promxy.server_groups[0].http_headers: the header "Host" is set by promfed itself on its requests',
        '1:95: promxy.server_groups[0].http_headers: the header "Content-Length" is set by promfed itself on its requests',
        '1:117: promxy.server_groups[0].http_headers.X[0]: the value of a header must not contain control characters or line breaks',
        '1:143: promxy.server_groups[0].query_params: the parameter "query" is set by promfed itself on its requests',
      ],
    },
    {
      name: 'names',
      yaml: `promxy:\n  server_groups:\n    - {name: a, ${TARGETS}}\n    - {name: " ", ${TARGETS}}\n    - {${TARGETS}, name: a}`,
      expected: [
        '4:14: promxy.server_groups[1].name: a name must not be empty',
        '5:42: the name "a" is given twice, first in line 3',
      ],
    },
    {
      name: 'loosely checked sections',
      yaml: 'rule_files: x\nalerting: []\nremote_write: [{name: x}]',
      expected: [
        '1:13: rule_files must be a list, not a text',
        '2:11: alerting must be a mapping, not a list',
        '3:16: remote_write[0] has no "url"',
      ],
    },
    {
      name: 'shapes and meanings at once',
      yaml: `promxy:\n  server_groups:\n    - {${TARGETS}, schem: http}\n    - {static_configs: []}`,
      expected: [
        '3:42: unknown key "schem" in promxy.server_groups[0]; did you mean "scheme"?',
        '4:7: a server group needs at least one target: static_configs is missing or empty',
      ],
    },
    {
      name: 'half a character',
      yaml: 'global: {external_labels: {a: "\\uD800", "\\uDC00": b}}',
      expected: [
        '1:31: this text holds half a character, which is not valid Unicode',
        '1:41: this text holds half a character, which is not valid Unicode',
      ],
    },
    {
      name: 'the name of a server',
      yaml: withTarget('http_client: {tls_config: {server_name: "a:1"}}'),
      expected: [
        '1:101: promxy.server_groups[0].http_client.tls_config.server_name: "a:1" is not the name of a host',
      ],
    },
    { name: 'a list', yaml: '- 1', expected: ['1:1: the file must be a mapping, not a list'] },
    { name: 'a text', yaml: 'promxy', expected: ['1:1: the file must be a mapping, not a text'] },
  ];
  for (const { name, yaml, expected } of cases) t.same(problemsOf(yaml), expected, name);
});

t.test('what is not YAML is refused with its place', async (t) => {
  const cases: { name: string; yaml: string; expected: RegExp }[] = [
    { name: 'an open quote', yaml: 'a: "b', expected: /^1:6: a character is missing here/ },
    { name: 'an open bracket', yaml: 'a: [b,\nc: d', expected: /^2:1: / },
    { name: 'two colons', yaml: 'a: b: c', expected: /^1:4: a mapping or list begins where/ },
    { name: 'a tab', yaml: 'a:\n\tb: c', expected: /^2:1: tabs must not be used for indentation/ },
    { name: 'bad indentation', yaml: 'a:\n    b: 1\n  c: 2', expected: /^3:1: / },
    {
      name: 'two documents',
      yaml: 'global: {}\n---\nglobal: {}',
      expected: /^2:1: a second document begins here/,
    },
    { name: 'an unknown alias', yaml: 'global: *x', expected: /^1:9: there is no anchor of this name/ },
    { name: 'an alias of itself', yaml: 'global: &x {a: *x}', expected: /^1:16: this alias stands inside/ },
    { name: 'a custom tag', yaml: 'global: !vault abc', expected: /^1:9: this tag is not known/ },
    {
      name: 'a merge of a text',
      yaml: 'global: {<<: x}',
      expected: /^1:14: << must be followed by a mapping/,
    },
    { name: 'a control character', yaml: '\u0001', expected: /^1:1: / },
    { name: 'an HTML page', yaml: '<html><body>404: Not Found</body></html>', expected: /^1:1: / },
    { name: 'JSON with a comma too many', yaml: '{"global": {},, }', expected: /^1:15: / },
  ];
  for (const { name, yaml, expected } of cases) t.match(problemsOf(yaml).join('\n'), expected, name);
});

t.test('a ConfigError says where and what, for programs as well', async (t) => {
  const error: unknown = await Promise.resolve()
    .then(() => parseConfig('b: 1\na: 2', 'c.yaml'))
    .catch((thrown: unknown) => thrown);
  t.ok(error instanceof ConfigError && error instanceof PromfedError);
  t.match(error, {
    code: 'bad_data',
    file: 'c.yaml',
    problems: [
      { place: { line: 1, column: 1 }, text: 'unknown key "b"' },
      { place: { line: 2, column: 1 }, text: 'unknown key "a"' },
    ],
  });
});

t.test('twenty problems are listed, the rest is counted', async (t) => {
  const yaml = Array.from({ length: 50 }, (_, i) => `key${i}: 1`).join('\n');
  const lines = problemsOf(yaml);
  t.equal(lines.length, 21);
  t.equal(lines.at(-1), ' and 30 more problems');
});

t.test('no message ever holds a secret, wherever it was put', async (t) => {
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
    t.ok(problems.length > 0, `refused: ${line}`);
    t.notMatch(problems.join('\n'), secret, line);
  }
});
