// The command lines of promfed query.

import t from 'tap';

import { type Flags, parseFlags } from '../../../src/config/index.js';
import { PromfedError } from '../../../src/model/index.js';

const parse = (...argv: string[]): Flags => parseFlags(argv, []);

function errorOf(...argv: string[]): string {
  try {
    parse(...argv);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    return error.message.replace(/\ntry --help for the list of flags$/, '');
  }
}

t.test('the flags of promfed query are parsed', async (t) => {
  const now = { from: 'now', ms: 0 } as const;
  const instant = { expr: 'up', url: undefined, times: { kind: 'instant', time: now }, output: undefined };
  const range = (times: object): object => ({
    times: { kind: 'range', start: undefined, end: now, stepMs: undefined, ...times },
  });
  const cases: { argv: string[]; expected: object }[] = [
    { argv: [], expected: { ...instant, timeoutMs: 120_000 } },
    { argv: ['--url=http://h:9090/prom/'], expected: { url: 'http://h:9090/prom' } },
    { argv: ['--time=10.5'], expected: { times: { kind: 'instant', time: { from: 'epoch', ms: 10_500 } } } },
    { argv: ['--time', '-5'], expected: { times: { time: { from: 'epoch', ms: -5000 } } } },
    { argv: ['--time', '-1h30m'], expected: { times: { time: { from: 'now', ms: -5_400_000 } } } },
    { argv: ['--time=+5m'], expected: { times: { time: { from: 'now', ms: 300_000 } } } },
    {
      argv: ['--time=2026-01-01T00:00:00Z'],
      expected: { times: { time: { from: 'epoch', ms: Date.UTC(2026, 0, 1) } } },
    },
    { argv: ['--start=-2h'], expected: range({ start: { from: 'now', ms: -7_200_000 } }) },
    { argv: ['--end=1'], expected: range({ end: { from: 'epoch', ms: 1000 } }) },
    { argv: ['--step=30s'], expected: range({ stepMs: 30_000 }) },
    { argv: ['--step=0.5'], expected: range({ stepMs: 500 }) },
    { argv: ['--output=chart'], expected: { output: 'chart', ...range({}) } },
    { argv: ['--output=json'], expected: { output: 'json', times: { kind: 'instant' } } },
    { argv: ['--timeout=3s'], expected: { timeoutMs: 3000 } },
  ];
  for (const { argv, expected } of cases) {
    const { command, query } = parse('query', ...argv, 'up');
    t.equal(command, 'query');
    t.match(query, expected, argv.join(' '));
  }
  t.match(parse('query', '--', '-up').query, { expr: '-up' });
});

t.test('each problem of promfed query is reported on one line', async (t) => {
  const cases: { argv: string[]; expected: string }[] = [
    {
      argv: ['query'],
      expected: "missing expression, for example: promfed query 'sum(up)'",
    },
    {
      argv: ['query', 'sum', 'up'],
      expected: 'unexpected argument "up"; enclose the expression in quotes',
    },
    {
      argv: ['qury', 'up'],
      expected: 'unexpected argument "qury"; did you mean "query"?\nunexpected argument "up"',
    },
    { argv: ['--url=http://h'], expected: '--url: not a flag of promfed; use promfed query' },
    { argv: ['query', '--bind-addr=:1', 'up'], expected: '--bind-addr: not a flag of promfed query' },
    {
      argv: ['query', '--url=http://h', '--config=x', 'up'],
      expected: '--url and --config are mutually exclusive',
    },
    {
      argv: ['query', '--time=1', '--step=1', 'up'],
      expected:
        '--time and --step are mutually exclusive: --time is for instant queries, --step for range queries',
    },
    {
      argv: ['query', '--time=1', '--output=chart', 'up'],
      expected: '--time and --output=chart are mutually exclusive: a chart needs a range query',
    },
    {
      argv: ['query', '--output=xml', 'up'],
      expected: '--output: must be one of table, chart, json; got "xml"',
    },
    {
      argv: ['query', '--time=yesterday', 'up'],
      expected:
        '--time: invalid time "yesterday"; use RFC 3339, seconds, or an offset from now: ' +
        '2026-01-31T12:00:00Z, 1769860800, now, -1h',
    },
    { argv: ['query', '--step=0', 'up'], expected: '--step: step must be at least 1ms' },
    { argv: ['query', '--step=-1', 'up'], expected: '--step: step must be at least 1ms' },
    { argv: ['query', '--step=NaN', 'up'], expected: '--step: step must be at least 1ms' },
    { argv: ['query', '--step=1e300', 'up'], expected: '--step: step is too large' },
    { argv: ['query', '--timeout=0s', 'up'], expected: '--timeout: duration must be greater than 0' },
    {
      argv: ['query', '--url=h:80', 'up'],
      expected: '--url: invalid URL "h:80": must be an http or https URL, for example http://localhost:9090',
    },
    {
      argv: ['query', '--url=ftp://u:hunter2@h', 'up'],
      expected: '--url: invalid URL: must be an http or https URL, for example http://localhost:9090',
    },
    {
      argv: ['query', '--url=http://u:hunter%2@h', 'up'],
      expected: '--url: invalid URL: a % in the user name or password must be written as %25',
    },
  ];
  for (const { argv, expected } of cases) t.equal(errorOf(...argv), expected, argv.join(' '));
});
