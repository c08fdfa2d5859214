// Bad input over HTTP, promfed beside the Prometheus that it stands before: the same status, errorType and text, and
// the query after it is served as if nothing had happened.

import t from 'tap';

import { api, startPromfed, type ApiAnswer } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';

const skip = withoutRealServers();
const NOW_S = Date.UTC(2026, 5, 1, 12) / 1000;
const DEEP = 10_000;

interface Case {
  readonly path?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly deviation?: Deviation;
}

/** Where promfed does not answer as this Prometheus does, and why. */
interface Deviation {
  readonly because: string;
  /** What promfed answers: status, errorType and error in one line. */
  readonly ours: RegExp;
}

const NEWER_OFFSET: Deviation = {
  because: 'Prometheus 3.14 knows duration expressions, and names them',
  ours: /^400 bad_data: .* expected number, duration, step\(\), or range\(\)$/,
};
const NEWER_PAIR: Deviation = {
  because:
    'newer Prometheus sorts the two series, as is done here; a region that is asked names them as its storage has them',
  ours: /^422 execution: found duplicate series for the match group \{.*\} on the right hand-side of the operation: \[\{__name__="y", i="\d", job="a"\}, \{__name__="y", .*\}\];many-to-many matching not allowed/,
};
const NEWER_NAN: Deviation = {
  because: 'newer Prometheus words it so; a region that is asked still answers in its own words',
  ours: /^422 execution: (?:Parameter value is NaN|Ratio value is NaN|Scalar value NaN overflows int64)$/,
};
const NO_UTF8: Deviation = {
  because: 'strings are Unicode here: bytes that are none can be in no label',
  ours: /^400 bad_data: .* is not valid UTF-8$/,
};
const NO_TIME: Deviation = {
  because: 'Prometheus takes it for some time or other that Go makes of it',
  ours: /^400 bad_data: .* to a valid timestamp$/,
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
  ['label_replace(x, "a-b\\xff", "c", "job", ".*")', NO_UTF8],
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

/** What is wrong with these is seen before anything is evaluated. */
const REFUSED: readonly Case[] = [
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
    `${' '.repeat(2 ** 20)})`,
    `x${' '.repeat(2 ** 20)}y`,
    `"${'a'.repeat(2 ** 20)}`,
    'x'.repeat(2 ** 20) + ' y',
  ].map((text) => query(text)),
];

/** These are found out while evaluating. */
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

const ABSURD: readonly Case[] = [
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
  { ...range({ start: '-1e30' }), deviation: NO_TIME },
  { parameters: { query: 'x', time: 'x' } },
  { parameters: { query: 'x', time: 'NaN' }, deviation: NO_TIME },
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

/** A POST, as the URL would be too long for some. */
async function ask(url: string, { path = '/api/v1/query', parameters }: Case): Promise<ApiAnswer> {
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  });
  return { httpStatus: response.status, ...((await response.json()) as Omit<ApiAnswer, 'httpStatus'>) };
}

/** In one line; what regions say has lost the spaces at its end. */
function shown({ httpStatus, errorType, error }: ApiAnswer): string {
  return `${httpStatus} ${errorType ?? 'success'}: ${(error ?? '').trimEnd()}`;
}

function nameOf({ path, parameters }: Case): string {
  const { query: text, ...others } = parameters;
  const short =
    text === undefined || text.length <= 60 ? (text ?? '') : `${text.slice(0, 30)}…${text.slice(-30)}`;
  return `${path ?? 'query'} ${JSON.stringify(short)} ${path === undefined ? '' : JSON.stringify(others)}`;
}

t.test('bad input is answered as Prometheus answers it', { skip }, async (t) => {
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
    for (const one of [...REFUSED, ...FAILING, ...ABSURD]) {
      const [ours, theirs] = await Promise.all([ask(url, one), ask(prometheus.url, one)]);
      const name = `${nameOf(one)}, pushdown ${pushdown ? 'on' : 'off'}`;
      if (one.deviation === undefined) t.equal(shown(ours), shown(theirs), name);
      else t.match(shown(ours), one.deviation.ours, `${name}: ${one.deviation.because}`);
    }
    const after = await api(url, '/api/v1/query', { query: 'sum(x)', time: String(NOW_S) });
    t.strictSame(after.data?.result, [{ metric: {}, value: [NOW_S, '10'] }], 'the next query is served');
  }
});
