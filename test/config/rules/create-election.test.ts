// The section `rules.election`.

import t from 'tap';

import { parseConfig, type ElectionSettings } from '../../../src/config/index.js';

interface Options {
  /** Intervals of rule groups. */
  readonly intervals?: readonly string[];
  readonly secret?: string;
}

function load(election: string, { intervals = ['1m'], secret = 'from-file' }: Options = {}) {
  const groups = intervals.map(
    (interval, i) => `- { name: g${i}, interval: ${interval}, rules: [{ alert: A, expr: up }] }`,
  );
  const yaml = `rule_files: [r.yaml]\nrules: { election: ${election} }\n`;
  return parseConfig(yaml, 'c.yaml', {
    readText: () => ({ text: secret }),
    ruleFiles: { glob: () => ['r.yaml'], read: () => ({ text: `groups:\n${groups.join('\n')}\n` }) },
  });
}

const parse = (election: string, options?: Options): ElectionSettings | undefined =>
  load(election, options).settings.rules.election;

t.test('Redis needs a URL only', async (t) => {
  t.strictSame(parse('{ redis: { url: "redis://cache" } }'), {
    store: {
      kind: 'redis',
      name: 'promfed-rules',
      host: 'cache',
      port: 6379,
      database: 0,
      username: undefined,
      password: undefined,
      tls: undefined,
    },
    leaseMs: 15_000,
    evaluatesWithoutStore: false,
  });
});

t.test('every key of Redis becomes a setting', async (t) => {
  t.match(
    parse(
      '{ redis: { url: "rediss://[::1]:7000/3", name: other, username: u, password_file: /p, ' +
        'tls_config: { server_name: s } }, lease_duration: 2s, on_store_failure: evaluate }',
    ),
    {
      store: {
        name: 'other',
        host: '::1',
        port: 7000,
        database: 3,
        username: 'u',
        password: { value: 'from-file', file: '/p' },
        tls: { serverName: 's', insecureSkipVerify: false },
      },
      leaseMs: 2_000,
      evaluatesWithoutStore: true,
    },
  );
  t.match(parse('{ redis: { url: "redis://u%40x:p%3aw@a" } }'), {
    store: { username: 'u@x', password: { value: 'p:w', file: undefined } },
  });
});

t.test('the default duration of leases depends on the shortest interval', async (t) => {
  const cases: readonly (readonly [intervals: readonly string[], leaseMs: number])[] = [
    [['1m'], 15_000],
    [['1m', '10s'], 7_500],
    [['5s'], 3_750],
    [['1s', '1m'], 3_000],
    [[], 15_000],
  ];
  for (const [intervals, leaseMs] of cases) {
    t.equal(parse('{ redis: { url: "redis://a" } }', { intervals })?.leaseMs, leaseMs, intervals.join());
  }
});

t.test('a duration with which a take-over needs more than two intervals is a warning', async (t) => {
  const { warnings } = load('{ redis: { url: "redis://a" }, lease_duration: 10s }', { intervals: ['10s'] });
  t.match(warnings.join('\n'), /rules\.election\.lease_duration: longer than three quarters of .* \(10s\)/);
});

t.test('invalid values are reported without secrets', async (t) => {
  const cases: readonly (readonly [election: string, message: RegExp])[] = [
    ['{}', /rules\.election: exactly one of redis & kubernetes_lease must be configured/],
    [
      '{ redis: { url: "redis://a" }, kubernetes_lease: {} }',
      /rules\.election: exactly one of redis & kubernetes_lease must be configured/,
    ],
    [
      '{ redis: { url: "http://:hunter2@a" } }',
      /rules\.election\.redis\.url: invalid URL: must be a redis or/,
    ],
    ['{ redis: { url: "redis://:hunter2@a/x" } }', /redis\.url: invalid URL/],
    [
      '{ redis: { url: "redis://:hunter2@a", password: hunter2 } }',
      /redis\.url: must not contain a password when password or password_file/,
    ],
    [
      '{ redis: { url: "redis://a", password: hunter2, password_file: /p } }',
      /at most one of password & password_file/,
    ],
    ['{ redis: { url: "redis://a", tls_config: {} } }', /tls_config: has no effect without a rediss/],
    ['{ redis: { url: "redis://a", name: "a b" } }', /redis\.name: name must have/],
    ['{ redis: { url: "redis://a" }, lease_duration: 999ms }', /lease_duration: must be between 1s and 10m/],
    ['{ redis: { url: "redis://a" }, on_store_failure: retry }', /on_store_failure: must be/],
    ['{ kubernetes_lease: { name: Upper } }', /kubernetes_lease\.name: invalid name "Upper"/],
  ];
  for (const [election, message] of cases) {
    try {
      parse(election);
      t.fail(election);
    } catch (thrown) {
      t.match((thrown as Error).message, message, election);
      t.notMatch((thrown as Error).message, /hunter2/);
    }
  }
});

t.test('the status API shows no password', async (t) => {
  const { maskedYaml } = load('{ redis: { url: "redis://user:hunter2@a" } }');
  t.match(maskedYaml, /redis:\/\/user:<secret>@a/);
  t.notMatch(load('{ redis: { url: "redis://a", password: hunter2 } }').maskedYaml, /hunter2/);
});
