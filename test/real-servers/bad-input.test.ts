// Invalid requests, to promfed and to its Prometheus: equal status, errorType and error. The following query succeeds.

import t from 'tap';

import { api, startPromfed, type ApiAnswer } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';

const skip = withoutRealServers();
const NOW_S = Date.UTC(2026, 5, 1, 12) / 1000;
const DEEP = 9_000;

interface Case {
  readonly path?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly deviation?: Deviation;
}

/** A difference between promfed and the Prometheus of the tests. */
interface Deviation {
  readonly reason: string;
  /** Matches promfed's status, errorType and error in one line. */
  readonly answer: RegExp;
}

const NEWER_OFFSET: Deviation = {
  reason: 'Prometheus 3.14 supports duration expressions, and names them in the error',
  answer: /^400 bad_data: .* expected number, duration, step\(\), or range\(\)$/,
};
const NEWER_PAIR: Deviation = {
  reason:
    'promfed and newer versions of Prometheus sort the two series; a region names them in the order of its storage',
  answer:
    /^422 execution: found duplicate series for the match group \{.*\} on the right hand-side of the operation: \[\{__name__="y", i="\d", job="a"\}, \{__name__="y", .*\}\];many-to-many matching not allowed/,
};
const NEWER_NAN: Deviation = {
  reason: 'promfed has the text of newer versions of Prometheus, unless the error is that of a region',
  answer: /^422 execution: (?:Parameter value is NaN|Ratio value is NaN|Scalar value NaN overflows int64)$/,
};
const INVALID_UTF8: Deviation = {
  reason: 'promfed rejects strings that are not UTF-8, which no label can have',
  answer: /^400 bad_data: .* is not valid UTF-8$/,
};
const DEVIATIONS: ReadonlyMap<string, Deviation> = new Map([
  ['x[5m] offset', NEWER_OFFSET],
  ['x + on(job) y', NEWER_PAIR],
  ['y + on(job) y', NEWER_PAIR],
  ['x + ignoring(i) group_left y', NEWER_PAIR],
  ['x * on() group_left y', NEWER_PAIR],
  ['topk(NaN, x)', NEWER_NAN],
  ['limitk(NaN, x)', NEWER_NAN],
  ['limit_ratio(NaN, x)', NEWER_NAN],
  ['label_replace(x, "a-b\\xff", "c", "job", ".*")', INVALID_UTF8],
]);

function query(text: string): Case {
  const parameters = { query: text, time: String(NOW_S) };
  const deviation = DEVIATIONS.get(text);
  return deviation === undefined ? { parameters } : { parameters, deviation };
}

function range(parameters: Readonly<Record<string, string>>): Case {
  const all = { query: 'x', start: String(NOW_S - 60), end: String(NOW_S), step: '15', ...parameters };
  return { path: '/api/v1/query_range', parameters: all };
}

function wrap(before: string, inner: string, after: string): string {
  return before.repeat(DEEP) + inner + after.repeat(DEEP);
}

/** Queries that are rejected before evaluation. */
const INVALID: readonly Case[] = [
  ...[
    // Types.
    'rate(x)',
    'abs(x[5m])',
    'abs("a")',
    'sum(1)',
    'sum("a")',
    'topk("a", x)',
    'count_values(1, x)',
    'x + "a"',
    '"a" + 1',
    '-"a"',
    'x[5m] + 1',
    '1 == 2',
    'x and 1',
    'x[5m][5m:1m]',
    '(1 + 2)[5m:1m]',
    'x + bool y',
    '1 + on(a) 2',
    'x and on(a) group_left y',
    'x + on(job) group_left(job) y',
    // Arity and names.
    'abs()',
    'abs(x, x)',
    'time(1)',
    'round(x, 1, 2)',
    'label_join(x)',
    'sum()',
    'sum(x, y)',
    'topk(x)',
    'nothing(x)',
    'sum by (job) (nothing(x))',
    'holt_winters(x[5m], 0.5, 0.5)',
    // Syntax.
    '',
    ' ',
    '# only a comment',
    'x y',
    'x{',
    'x{a}',
    'x{a=}',
    'x{a=1}',
    'x{a="b"',
    'x{,}',
    '{}',
    '{a=~".*"}',
    '{a!="b"}',
    'x{__name__="y"}',
    'x[',
    'x[5]m',
    'x[0s]',
    'x[-5m]',
    'x[5m:0s]',
    'x[5m] offset',
    'x offset 5m offset 5m',
    'x @ 1 @ 2',
    'x @ "a"',
    'x @ 1e30',
    'x @ Inf',
    '(x)[5m]',
    'x offset 1m [5m]',
    'x[5m',
    'x[5z]',
    'x[1m5h]',
    'x[300y]',
    '1 + ',
    '+',
    ')',
    '(',
    '(x',
    'x)',
    'sum by job (x)',
    'sum by ("") (x)',
    'sum by (job (x)',
    'x + on job y',
    'x + on(job) y on(job)',
    'x == bool',
    '"a',
    "'a\nb'",
    '"\\z"',
    '"\\x"',
    '`a',
    '1x',
    '0x',
    '1e',
    '1_',
    '1__0',
    'x{a=~"("}',
    'x{a=~"a**"}',
    'x{a=~"(?=a)"}',
    'x{a=~"a{1001}"}',
    'x{a=~"((a{1000}){1000})"}',
    'x{a=~"\\\\C"}',
    'x{a=~"[b-a]"}',
    'x{a!~"*"}',
    '$x',
    'x!',
    'x;y',
    'x ~ y',
    '\u0000',
    'größe',
    '{"a" "b"}',
    'x atan2 bool y',
    // Depth and size.
    '('.repeat(DEEP),
    wrap('(', '1', ')').slice(0, -1),
    wrap('(', '1 == 1', ')'),
    wrap('abs(', '1', ')'),
    wrap('(', 'nothing(x)', ')'),
    `${' '.repeat(1_000_000)})`,
    `x${' '.repeat(1_000_000)}y`,
    `"${'a'.repeat(1_000_000)}`,
    'x'.repeat(1_000_000) + ' y',
  ].map((text) => query(text)),
];

/** Queries that fail during evaluation. */
const FAILING: readonly Case[] = [
  'x + y',
  'y + x',
  'x + on(job) y',
  'y + on(job) x',
  'y + on(job) y',
  'x + ignoring(i) group_left y',
  'x * on() group_left y',
  'label_replace(y, "i", "", "", "")',
  'sum(label_replace(y, "i", "1", "", ""))',
  'label_replace(x, "a-b\\xff", "c", "job", ".*")',
  'label_replace(x, "", "c", "job", ".*")',
  'label_replace(x, "a", "c", "job", "(")',
  'label_join(x, "", ",", "job")',
  'label_join(x, "a", ",", "")',
  'count_values("", x)',
  'topk(NaN, x)',
  'topk(1e30, x)',
  'limitk(NaN, x)',
  'limit_ratio(NaN, x)',
  'abs({__name__=~"x|y"})',
  '-{__name__=~"x|y", i=""}',
  'rate({__name__=~"x|y"}[5m])',
].map((text) => query(text));

/** Requests with invalid parameters. */
const INVALID_PARAMETERS: readonly Case[] = [
  range({ start: '' }),
  range({ start: 'now' }),
  range({ end: '' }),
  range({ end: String(NOW_S - 61) }),
  range({ step: '' }),
  range({ step: '0' }),
  range({ step: '-1' }),
  range({ step: 'x' }),
  range({ step: 'NaN' }),
  range({ step: '1e30' }),
  range({ step: '0.001' }),
  range({ start: '0', step: '1' }),
  range({ query: 'x[5m]' }),
  range({ query: '"a"' }),
  range({ query: '' }),
  range({ timeout: 'x' }),
  range({ start: '-1e30' }),
  { parameters: { query: 'x', time: 'x' } },
  { parameters: { query: 'x', time: 'NaN' } },
  { parameters: { query: 'x', time: String(NOW_S), timeout: '1x' } },
  { parameters: { query: 'x', time: String(NOW_S), lookback_delta: 'x' } },
  { parameters: { query: 'x', time: String(NOW_S), limit: 'x' } },
  { path: '/api/v1/series', parameters: {} },
  { path: '/api/v1/series', parameters: { 'match[]': '{}' } },
  { path: '/api/v1/series', parameters: { 'match[]': 'x{' } },
  { path: '/api/v1/series', parameters: { 'match[]': 'sum(x)' } },
  { path: '/api/v1/series', parameters: { 'match[]': 'x{a=~"("}' } },
  { path: '/api/v1/labels', parameters: { 'match[]': '{a=~".*"}' } },
  { path: '/api/v1/format_query', parameters: { query: '(' } },
];

/** Sends a request by POST, because some queries are too long for a URL. */
async function send(url: string, { path = '/api/v1/query', parameters }: Case): Promise<ApiAnswer> {
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  });
  return { httpStatus: response.status, ...((await response.json()) as Omit<ApiAnswer, 'httpStatus'>) };
}

/** Prints an answer in one line. Spaces at the end are removed, because promfed removes them from errors of regions. */
function print({ httpStatus, errorType, error }: ApiAnswer): string {
  return `${httpStatus} ${errorType ?? 'success'}: ${(error ?? '').trimEnd()}`;
}

function nameOf({ path, parameters }: Case): string {
  const { query: text, ...others } = parameters;
  const short =
    text === undefined || text.length <= 60 ? (text ?? '') : `${text.slice(0, 30)}…${text.slice(-30)}`;
  return `${path ?? 'query'} ${JSON.stringify(short)} ${path === undefined ? '' : JSON.stringify(others)}`;
}

t.test('invalid requests have the answers of Prometheus', { skip }, async (t) => {
  const prometheus = await startPrometheus(t, { args: ['--enable-feature=promql-experimental-functions'] });
  const series = [
    ...['a', 'b'].map((job) => ({ labels: { __name__: 'x', job } })),
    ...['a', 'b'].flatMap((job) => ['1', '2'].map((i) => ({ labels: { __name__: 'y', job, i } }))),
  ].map(({ labels }) => ({
    labels,
    timestamps: [120, 90, 60, 30, 0].map((agoS) => (NOW_S - agoS) * 1000),
    values: [1, 2, 3, 4, 5],
  }));
  await importIntoPrometheus(prometheus.url, series);
  const target = new URL(prometheus.url).host;
  const config = `
promxy:
  server_groups:
    - static_configs:
        - targets: ['${target}']
`;
  for (const pushdown of [true, false]) {
    const { url } = await startPromfed(t, config, { pushdown });
    for (const testCase of [...INVALID, ...FAILING, ...INVALID_PARAMETERS]) {
      const [actual, expected] = await Promise.all([send(url, testCase), send(prometheus.url, testCase)]);
      const name = `${nameOf(testCase)}, pushdown ${pushdown ? 'on' : 'off'}`;
      const { deviation } = testCase;
      if (deviation === undefined) t.equal(print(actual), print(expected), name);
      else t.match(print(actual), deviation.answer, `${name}: ${deviation.reason}`);
    }
    const next = await api(url, '/api/v1/query', { query: 'sum(x)', time: String(NOW_S) });
    t.strictSame(next.data?.result, [{ metric: {}, value: [NOW_S, '10'] }], 'the following query succeeds');
  }
});
