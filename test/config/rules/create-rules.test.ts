// The section `rules`.

import t from 'tap';

import { parseConfig, type RulesSettings } from '../../../src/config/index.js';

const parse = (yaml: string): RulesSettings => parseConfig(yaml, 'c.yaml').settings.rules;

t.test('the section has defaults', async (t) => {
  for (const yaml of ['', 'rules:', 'rules: {}']) {
    t.strictSame(
      parse(yaml),
      { holdMs: 600_000, chainedResults: 'memory', restoreFrom: undefined, election: undefined },
      yaml,
    );
  }
});

t.test('every key becomes a setting', async (t) => {
  t.match(
    parse(
      'rules: {hold: 0s, chained_results: regions, restore_from: {url: "http://u:p@a/select/0/prometheus/", timeout: 5s, ' +
        'http_headers: {X-A: {values: [b]}}, tls_config: {server_name: s}}}',
    ),
    {
      holdMs: 0,
      chainedResults: 'regions',
      restoreFrom: {
        url: 'http://a/select/0/prometheus',
        timeoutMs: 5000,
        headers: [['X-A', 'b']],
        httpClient: { authentication: { kind: 'basic' }, tls: { serverName: 's' } },
      },
    },
  );
});

t.test('invalid values are reported', async (t) => {
  const yaml =
    'rules: {partial_response_strategy: none, hold: x, chained_results: x, restore_from: {url: "http://a?b", bearer_token: a, basic_auth: {}}}';
  t.throws(() => parse(yaml), {
    message: [
      'c.yaml:1:36: rules.partial_response_strategy: must be one of abort, warn, hold; got "none"',
      'c.yaml:1:48: rules.hold: not a valid duration string: "x"',
      'c.yaml:1:68: rules.chained_results: must be one of memory, regions; got "x"',
      'c.yaml:1:91: rules.restore_from.url: invalid URL "http://a?b": must not contain a query string or a fragment',
    ].join('\n'),
  });
});
