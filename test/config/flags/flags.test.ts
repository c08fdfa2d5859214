// The command line.

import t from 'tap';

import { type Flags, parseFlags } from '../../../src/config/index.js';
import { PromfedError } from '../../../src/model/index.js';

const FEATURES = ['promql-experimental-functions', 'promql-duration-expr'] as const;

const parse = (...argv: string[]): Flags => parseFlags(argv, FEATURES);

function errorOf(...argv: string[]): string {
  try {
    parse(...argv);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    return error.message.replace(/\ntry --help for the list of flags$/, '');
  }
}

t.test('without arguments the defaults are those of promxy', async (t) => {
  t.same(parse(), {
    command: 'serve',
    config: 'config.yaml',
    bindAddr: { host: '', port: 8082 },
    logLevel: 'info',
    logFormat: 'text',
    externalUrl: undefined,
    routePrefix: '',
    lifecycleEnabled: false,
    clientLimits: { maxConnections: 512, shutdownMs: 60_000 },
    queryTimeoutMs: 120_000,
    workers: undefined,
    maxSamples: 50_000_000,
    maxRequests: 5000,
    limits: { maxQueryLength: 1_048_576, maxNodes: 10_000, maxSelectors: 1000 },
    memory: { unit: 'share', value: 0.8 },
    maxQueryMemory: { unit: 'share', value: 0.5 },
    maxConcurrency: undefined,
    lookbackDeltaMs: undefined,
    pushdown: true,
    features: new Set(),
    rules: {
      forOutageToleranceMs: 3_600_000,
      forGracePeriodMs: 600_000,
      resendDelayMs: 60_000,
      alertBackfill: false,
    },
    notificationQueueCapacity: 10_000,
    storagePath: undefined,
    checkConfig: false,
    version: false,
    help: false,
    query: undefined,
    checkRules: undefined,
    texts: {
      config: 'config.yaml',
      'bind-addr': ':8082',
      'log-level': 'info',
      'log-format': 'text',
      memory: '80%',
      'web.external-url': '',
      'web.enable-lifecycle': 'false',
      'web.max-connections': '512',
      'http.shutdown-timeout': '60s',
      workers: '',
      'query.timeout': '2m',
      'query.max-samples': '50000000',
      'query.max-requests': '5000',
      'query.max-nodes': '10000',
      'query.max-length': '1048576',
      'query.max-selectors': '1000',
      'query.max-memory': '50%',
      'query.max-concurrency': '0',
      'query.lookback-delta': '5m',
      'query.pushdown': 'on',
      'rules.alert.for-outage-tolerance': '1h',
      'rules.alert.for-grace-period': '10m',
      'rules.alert.resend-delay': '1m',
      'rules.alertbackfill': 'false',
      'alertmanager.notification-queue-capacity': '10000',
      'storage.path': '',
      'enable-feature': '',
      'check-config': 'false',
    },
  });
});

t.test('each flag is parsed in each of its forms', async (t) => {
  const cases: { argv: string[]; expected: Partial<Flags> }[] = [
    { argv: ['--config=a.yaml'], expected: { config: 'a.yaml' } },
    { argv: ['--config', 'a.yaml'], expected: { config: 'a.yaml' } },
    { argv: ['--config=a=b.yaml'], expected: { config: 'a=b.yaml' } },
    { argv: ['--config', '-'], expected: { config: '-' } },
    { argv: ['--config=a', '--config=b'], expected: { config: 'b' } },
    { argv: ['--config=--config'], expected: { config: '--config' } },
    { argv: ['--bind-addr=:0'], expected: { bindAddr: { host: '', port: 0 } } },
    { argv: ['--bind-addr=127.0.0.1:0'], expected: { bindAddr: { host: '127.0.0.1', port: 0 } } },
    { argv: ['--bind-addr', '[::1]:8082'], expected: { bindAddr: { host: '::1', port: 8082 } } },
    {
      argv: ['--bind-addr=host.example:65535'],
      expected: { bindAddr: { host: 'host.example', port: 65_535 } },
    },
    { argv: ['--log-level=DEBUG'], expected: { logLevel: 'debug' } },
    { argv: ['--log-level=warning'], expected: { logLevel: 'warn' } },
    { argv: ['--log-level=panic'], expected: { logLevel: 'fatal' } },
    { argv: ['--log-format', 'json'], expected: { logFormat: 'json' } },
    {
      argv: ['--web.external-url=http://127.0.0.1:8082'],
      expected: { externalUrl: 'http://127.0.0.1:8082', routePrefix: '' },
    },
    {
      argv: ['--web.external-url=https://h/a/b/'],
      expected: { externalUrl: 'https://h/a/b', routePrefix: '/a/b' },
    },
    { argv: ['--web.external-url=/prom/'], expected: { externalUrl: undefined, routePrefix: '/prom' } },
    { argv: ['--web.external-url='], expected: { externalUrl: undefined, routePrefix: '' } },
    { argv: ['--web.enable-lifecycle'], expected: { lifecycleEnabled: true } },
    { argv: ['--web.enable-lifecycle=true'], expected: { lifecycleEnabled: true } },
    { argv: ['--web.enable-lifecycle', '--no-web.enable-lifecycle'], expected: { lifecycleEnabled: false } },
    { argv: ['--web.enable-lifecycle=false'], expected: { lifecycleEnabled: false } },
    { argv: ['--no-web.enable-lifecycle=false'], expected: { lifecycleEnabled: true } },
    { argv: ['--query.timeout=1.5s'], expected: { queryTimeoutMs: 1500 } },
    { argv: ['--query.timeout=24d'], expected: { queryTimeoutMs: 24 * 86_400_000 } },
    { argv: ['--query.max-samples', '1'], expected: { maxSamples: 1 } },
    { argv: ['--query.max-requests', '1'], expected: { maxRequests: 1 } },
    {
      argv: ['--query.max-length=1', '--query.max-nodes=2', '--query.max-selectors=3'],
      expected: { limits: { maxQueryLength: 1, maxNodes: 2, maxSelectors: 3 } },
    },
    { argv: ['--memory=512MB'], expected: { memory: { unit: 'bytes', value: 2 ** 29 } } },
    { argv: ['--memory', '1.5GiB'], expected: { memory: { unit: 'bytes', value: 1.5 * 2 ** 30 } } },
    { argv: ['--memory=1000000'], expected: { memory: { unit: 'bytes', value: 1e6 } } },
    { argv: ['--memory=64kb'], expected: { memory: { unit: 'bytes', value: 65_536 } } },
    { argv: ['--memory=60%'], expected: { memory: { unit: 'share', value: 0.6 } } },
    { argv: ['--memory=100%'], expected: { memory: { unit: 'share', value: 1 } } },
    { argv: ['--query.max-memory=12.5%'], expected: { maxQueryMemory: { unit: 'share', value: 0.125 } } },
    {
      argv: ['--web.max-connections=20', '--http.shutdown-timeout=0s'],
      expected: { clientLimits: { maxConnections: 20, shutdownMs: 0 } },
    },
    { argv: ['--query.max-concurrency=20'], expected: { maxConcurrency: 20 } },
    { argv: ['--query.max-concurrency=-1'], expected: { maxConcurrency: undefined } },
    { argv: ['--query.lookback-delta=5m'], expected: { lookbackDeltaMs: 300_000 } },
    { argv: ['--query.pushdown=on'], expected: { pushdown: true } },
    { argv: ['--query.pushdown', 'off'], expected: { pushdown: false } },
    {
      argv: ['--enable-feature=promql-duration-expr'],
      expected: { features: new Set(['promql-duration-expr']) },
    },
    { argv: ['--enable-feature', FEATURES.join(', ')], expected: { features: new Set(FEATURES) } },
    { argv: FEATURES.map((name) => `--enable-feature=${name}`), expected: { features: new Set(FEATURES) } },
    { argv: ['--check-config'], expected: { checkConfig: true } },
    { argv: ['--version'], expected: { version: true } },
    { argv: ['-v'], expected: { version: true, help: false } },
    { argv: ['-h'], expected: { help: true } },
    { argv: ['demo'], expected: { command: 'demo' } },
    {
      argv: ['check', 'rules', 'a.yaml', 'b.yaml'],
      expected: {
        command: 'check',
        checkRules: {
          files: ['a.yaml', 'b.yaml'],
          lintsDuplicateRules: true,
          isLintFatal: false,
          ignoresUnknownKeys: false,
          live: undefined,
        },
      },
    },
    {
      argv: [
        '--rules.alert.for-outage-tolerance=2h',
        '--rules.alert.for-grace-period=0',
        '--rules.alert.resend-delay=1.5s',
        '--rules.alertbackfill',
        '--alertmanager.notification-queue-capacity=5',
        '--storage.path=/data',
      ],
      expected: {
        rules: {
          forOutageToleranceMs: 7_200_000,
          forGracePeriodMs: 0,
          resendDelayMs: 1500,
          alertBackfill: true,
        },
        notificationQueueCapacity: 5,
        storagePath: '/data',
      },
    },
    { argv: ['--log-level=warn', 'demo', '--bind-addr=:1'], expected: { command: 'demo', logLevel: 'warn' } },
    { argv: ['--', 'demo'], expected: { command: 'demo' } },
    { argv: ['--web.enable-lifecycle', 'demo'], expected: { command: 'demo', lifecycleEnabled: true } },
    {
      argv: [
        '--config=/etc/promxy/config.yaml',
        '--web.enable-lifecycle',
        '--log-level=info',
        '--web.external-url=http://127.0.0.1:8082',
      ],
      expected: {
        config: '/etc/promxy/config.yaml',
        lifecycleEnabled: true,
        bindAddr: { host: '', port: 8082 },
      },
    },
  ];
  for (const { argv, expected } of cases) t.match(parse(...argv), expected, argv.join(' '));
});

t.test('the texts of flags are those of the command line', async (t) => {
  const { texts } = parse(
    '--enable-feature=promql-duration-expr',
    '--query.timeout',
    '30s',
    '--check-config=1',
  );
  t.match(texts, {
    'enable-feature': 'promql-duration-expr',
    'query.timeout': '30s',
    'check-config': 'true',
  });
});

t.test('each problem of a command line is reported on one line', async (t) => {
  const cases: { argv: string[]; expected: string }[] = [
    { argv: ['--confg=x'], expected: 'unknown flag "--confg"; did you mean --config?' },
    { argv: ['--confg', 'x'], expected: 'unknown flag "--confg"; did you mean --config?' },
    { argv: ['-config', 'x'], expected: 'unknown flag "-config"; did you mean --config?' },
    { argv: ['--quux'], expected: 'unknown flag "--quux"' },
    { argv: ['-x'], expected: 'unknown flag "-x"' },
    { argv: ['--no-config=x'], expected: 'unknown flag "--no-config"; did you mean --config?' },
    { argv: ['--__proto__'], expected: 'unknown flag "--__proto__"' },
    { argv: ['--metrics-path', '/x'], expected: 'the flag --metrics-path is not supported yet' },
    {
      argv: ['--rules.alert.resend-delay=5', '--rules.alert.for-grace-period=-1s', '--storage.path='],
      expected:
        '--rules.alert.for-grace-period: duration must not be negative\n' +
        '--rules.alert.resend-delay: missing unit in duration "5"; write 5s for seconds\n' +
        '--storage.path: path must not be empty',
    },
    {
      argv: ['--alertmanager.notification-queue-capacity=0'],
      expected: '--alertmanager.notification-queue-capacity: must be a positive integer; got "0"',
    },
    { argv: ['check'], expected: 'missing subject; use promfed check rules FILES' },
    {
      argv: ['check', 'config'],
      expected: 'unexpected argument "config"; use promfed check rules FILES',
    },
    {
      argv: ['check', 'rules'],
      expected: 'missing files, for example: promfed check rules rules/*.yaml',
    },
    {
      argv: ['check', 'rules', 'a.yaml', '--bind-addr=:1'],
      expected: '--bind-addr: not a flag of promfed check rules',
    },
    { argv: ['--config'], expected: '--config needs a value: --config=<file>' },
    { argv: ['--config', '--check-config'], expected: '--config needs a value: --config=<file>' },
    { argv: ['--config='], expected: '--config: path must not be empty' },
    { argv: ['--check-config=maybe'], expected: '--check-config takes true or false, not "maybe"' },
    {
      argv: ['--bind-addr=8082'],
      expected:
        '--bind-addr: invalid address "8082": missing port; use :port or host:port, for example :8082',
    },
    {
      argv: ['--bind-addr='],
      expected: '--bind-addr: invalid address "": must be host:port or :port, for example 127.0.0.1:8082',
    },
    {
      argv: ['--bind-addr=:x'],
      expected: '--bind-addr: invalid address ":x": must be host:port or :port, for example 127.0.0.1:8082',
    },
    {
      argv: ['--bind-addr=:65536'],
      expected: '--bind-addr: invalid address ":65536": port must be between 0 and 65535',
    },
    {
      argv: ['--bind-addr=::1:8082'],
      expected:
        '--bind-addr: invalid address "::1:8082": an IPv6 address must be in brackets, for example [::1]:8082',
    },
    {
      argv: ['--log-level=loud'],
      expected: '--log-level: must be one of trace, debug, info, warn, error, fatal; got "loud"',
    },
    {
      argv: ['--log-level=constructor'],
      expected: '--log-level: must be one of trace, debug, info, warn, error, fatal; got "constructor"',
    },
    {
      argv: ['--log-format=xml'],
      expected: '--log-format: must be one of text, json; got "xml"',
    },
    { argv: ['--query.timeout=0'], expected: '--query.timeout: duration must be greater than 0' },
    { argv: ['--query.timeout=30d'], expected: '--query.timeout: timeout must be at most 24d' },
    { argv: ['--query.timeout=-1s'], expected: '--query.timeout: duration must not be negative' },
    {
      argv: ['--query.timeout', '10'],
      expected: '--query.timeout: missing unit in duration "10"; write 10s for seconds',
    },
    ...['', '0', '-1MB', '512XB', '12 MB', 'all', '1e9', '1'.repeat(16)].map((text) => ({
      argv: [`--memory=${text}`],
      expected: `--memory: must be a size or a percentage, for example 512MB, 2GiB or 60%; got ${JSON.stringify(text)}`,
    })),
    ...['0%', '101%'].map((text) => ({
      argv: [`--query.max-memory=${text}`],
      expected: `--query.max-memory: percentage must be greater than 0% and at most 100%; got "${text}"`,
    })),
    {
      argv: ['--query.max-concurrency=many'],
      expected: '--query.max-concurrency: must be an integer; got "many"',
    },
    {
      argv: ['--query.max-samples=0'],
      expected: '--query.max-samples: must be a positive integer; got "0"',
    },
    {
      argv: ['--query.max-samples', '-1'],
      expected: '--query.max-samples: must be a positive integer; got "-1"',
    },
    {
      argv: ['--query.max-samples=1e6'],
      expected: '--query.max-samples: must be a positive integer; got "1e6"',
    },
    {
      argv: ['--query.max-samples=99999999999999999999'],
      expected: '--query.max-samples: must be a positive integer; got "99999999999999999999"',
    },
    {
      argv: ['--enable-feature=promql-duration-exp'],
      expected:
        '--enable-feature: unknown feature "promql-duration-exp"; did you mean "promql-duration-expr"?',
    },
    {
      argv: ['--enable-feature=x'],
      expected:
        '--enable-feature: unknown feature "x"; must be one of promql-experimental-functions, promql-duration-expr',
    },
    { argv: ['--enable-feature='], expected: '--enable-feature: feature name must not be empty' },
    {
      argv: ['--web.external-url="http://h"'],
      expected: '--web.external-url: URL must not begin or end with quotes',
    },
    {
      argv: ['--web.external-url=h:80'],
      expected:
        '--web.external-url: invalid URL "h:80": must be an http or https URL, for example http://example.com/path',
    },
    {
      argv: ['--web.external-url=ftp://h'],
      expected:
        '--web.external-url: invalid URL "ftp://h": must be an http or https URL, for example http://example.com/path',
    },
    {
      argv: ['--web.external-url=//h'],
      expected:
        '--web.external-url: invalid URL "//h": must be an http or https URL, for example http://example.com/path',
    },
    {
      argv: ['--web.external-url=http://h/?a'],
      expected:
        '--web.external-url: invalid URL "http://h/?a": must not contain a query string or a fragment',
    },
    {
      argv: ['--web.external-url=http://u:hunter2@h'],
      expected: '--web.external-url: URL must not contain a user name or password',
    },
    { argv: ['dmo'], expected: 'unexpected argument "dmo"; did you mean "demo"?' },
    { argv: ['serve'], expected: 'unexpected argument "serve"' },
    { argv: ['a.yaml'], expected: 'unexpected argument "a.yaml"; did you mean "--config=a.yaml"?' },
    { argv: ['demo', 'demo'], expected: 'unexpected argument "demo"; did you mean "demo"?' },
    { argv: [''], expected: 'unexpected argument ""' },
    {
      argv: ['--quux', '--query.timeout=x', 'y'],
      expected:
        'unknown flag "--quux"\nunexpected argument "y"\n--query.timeout: not a valid duration string: "x"',
    },
  ];
  for (const { argv, expected } of cases) t.equal(errorOf(...argv), expected, argv.join(' '));
});

t.test('an error refers to the list of flags', async (t) => {
  t.throws(() => parse('--quux'), { code: 'bad_data', message: /\ntry --help for the list of flags$/ });
});

t.test('with --help or --version, other problems are ignored', async (t) => {
  t.match(parse('--quux', '--help', '--bind-addr=x'), { help: true });
  t.match(parse('--version', 'x'), { version: true });
  t.match(errorOf('--quux', '--help=false'), /unknown flag/);
});
