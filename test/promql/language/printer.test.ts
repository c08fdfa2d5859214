import { deepStrictEqual } from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import {
  parseExpr,
  prettyExpr,
  printPortableExpr,
  typeOf,
  type BinaryExpr,
  type Expr,
} from '../../../src/promql/language/index.js';
import { comparable } from '../../helpers/promql/comparable.js';
import { arbitraryExpr } from '../../helpers/promql/expressions.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';
import { printExpr } from '../../../src/promql/language/index.js';

const features = ALL_FEATURES;
const position = { start: 0, end: 0 };

t.test('an expression is printed on one line as Prometheus prints it', async (t) => {
  const cases: readonly { name: string; input: string; expected: string }[] = [
    { name: 'spaces are normalized', input: 'sum  by(a,b)(x)', expected: 'sum by (a, b) (x)' },
    {
      name: 'a grouping is moved before the argument',
      input: 'sum(x) without (a)',
      expected: 'sum without (a) (x)',
    },
    { name: 'an empty by is dropped', input: 'sum by () (x)', expected: 'sum(x)' },
    { name: 'an empty without is kept', input: 'sum without () (x)', expected: 'sum without () (x)' },
    { name: 'a parameter', input: 'topk(5,x)', expected: 'topk(5, x)' },
    { name: 'empty braces are dropped', input: 'x{}', expected: 'x' },
    { name: 'matchers are sorted', input: 'x{b="1", a!="2",}', expected: 'x{a!="2",b="1"}' },
    {
      name: 'matchers are sorted by UTF-8 bytes',
      input: 'x{"😀"="1","\uff21"="2"}',
      expected: 'x{"\uff21"="2","😀"="1"}',
    },
    { name: 'a name in braces is kept there', input: '{__name__="x"}', expected: '{__name__="x"}' },
    {
      name: 'a quoted name is printed in the form that all regions accept',
      input: '{"x.y", a="1"}',
      expected: '{__name__="x.y",a="1"}',
    },
    { name: 'a label that needs quotes', input: '{"x", "l.x"=~"y"}', expected: '{"l.x"=~"y",__name__="x"}' },
    {
      name: 'a grouping label that needs quotes',
      input: 'sum by ("l.x", "b") (x)',
      expected: 'sum by ("l.x", b) (x)',
    },
    {
      name: 'strings are printed in double quotes',
      input: "label_join(x, 'a', `\\`)",
      expected: 'label_join(x, "a", "\\\\")',
    },
    {
      name: 'control characters are escaped',
      input: '"\\a\\b\\f\\n\\r\\t\\v\\x01\\u2028\\U0001f600"',
      expected: '"\\a\\b\\f\\n\\r\\t\\v\\x01\\u2028😀"',
    },
    { name: 'a range is printed in the largest units', input: 'x[90m] ', expected: 'x[1h30m]' },
    { name: 'a range written as a number', input: 'x[300]', expected: 'x[5m]' },
    { name: 'offset is printed after @', input: 'x offset 5m @ 100', expected: 'x @ 100.000 offset 5m' },
    { name: 'a negative offset', input: 'x[5m] offset -90', expected: 'x[5m] offset -1m30s' },
    { name: 'an offset of zero is dropped', input: 'x offset 0s', expected: 'x' },
    { name: '@ in milliseconds', input: 'x @ -1.5', expected: 'x @ -1.500' },
    { name: '@ start()', input: 'x @ START()', expected: 'x @ start()' },
    { name: 'a subquery without a step', input: 'x[1h:]', expected: 'x[1h:]' },
    {
      name: 'a subquery',
      input: 'rate(x[5m])[1h:1m] @ end() offset 1d',
      expected: 'rate(x[5m])[1h:1m] @ end() offset 1d',
    },
    {
      name: 'a matching',
      input: 'a == bool on(x,y) group_left(z) b',
      expected: 'a == bool on (x, y) group_left (z) b',
    },
    { name: 'an empty on', input: 'a + on() b', expected: 'a + on () b' },
    { name: 'an empty ignoring is dropped', input: 'a + ignoring() b', expected: 'a + b' },
    {
      name: 'an empty ignoring before group_right is kept',
      input: 'a + ignoring() group_right b',
      expected: 'a + ignoring () group_right () b',
    },
    { name: 'keywords are printed in lower case', input: 'a AND b', expected: 'a and b' },
    { name: 'a fill on both sides', input: 'a + fill(1e-7) b', expected: 'a + fill (1e-07) b' },
    { name: 'a large fill has an exponent', input: 'a + fill(1000000) b', expected: 'a + fill (1e+06) b' },
    {
      name: 'different fills for each side',
      input: 'a + fill_right(2) fill_left(-Inf) b',
      expected: 'a + fill_left (-Inf) fill_right (2) b',
    },
    {
      name: 'numbers are printed without exponent',
      input: '1e3 + 1e21 + 1e-7',
      expected: '1000 + 1000000000000000000000 + 0.0000001',
    },
    { name: 'special numbers', input: 'inf + -Inf + nan + -0', expected: '+Inf + -Inf + NaN + -0' },
    { name: 'a duration as a number', input: '60 * 5m', expected: '60 * 5m' },
    { name: 'signs', input: '- x + + y', expected: '-x + +y' },
    { name: 'the sign of a number is part of it', input: '- 1 + - - 2', expected: '-1 + 2' },
    { name: 'anchored', input: 'x[5m] anchored offset 1m', expected: 'x[5m] anchored offset 1m' },
    {
      name: 'a duration expression',
      input: 'x[5m+step()*2:max_of(1,range())]',
      expected: 'x[5m + step() * 2:max_of(1, range())]',
    },
    { name: 'an offset that is an expression', input: 'x offset -(2^2)', expected: 'x offset -(2 ^ 2)' },
    { name: 'histogram trimming', input: 'x</1 >/2', expected: 'x </ 1 >/ 2' },
    {
      name: 'bytes that are not UTF-8',
      input: '  count_values("a\\xc5z\\xc3\\xa9\\xe2\\x82\\377", x)',
      expected: 'count_values("a\\xc5zé\\xe2\\x82\\xff", x)',
    },
    { name: 'the second argument of info', input: 'info(x, {})', expected: 'info(x, {})' },
  ];
  for (const { name, input, expected } of cases) {
    t.equal(printExpr(parseExpr(input, { features })), expected, name);
  }
});

t.test('a constructed tree is printed with the parentheses needed to parse it back', async (t) => {
  const parse = (text: string): Expr => parseExpr(text, { features });
  const binary = (op: BinaryExpr['op'], lhs: string | Expr, rhs: string | Expr): Expr => ({
    kind: 'binary',
    op,
    lhs: typeof lhs === 'string' ? parse(lhs) : lhs,
    rhs: typeof rhs === 'string' ? parse(rhs) : rhs,
    returnBool: false,
    matching: undefined,
    position,
  });
  const negative = (expr: Expr): Expr => ({ kind: 'unary', op: '-', expr, position });
  const cases: readonly { input: Expr; expected: string }[] = [
    { input: binary('*', '1 + 2', '3'), expected: '(1 + 2) * 3' },
    { input: binary('-', '1', '2 - 3'), expected: '1 - (2 - 3)' },
    { input: binary('-', '1 - 2', '3'), expected: '1 - 2 - 3' },
    { input: binary('^', '1 ^ 2', '3'), expected: '(1 ^ 2) ^ 3' },
    { input: binary('^', '1', '2 ^ 3'), expected: '1 ^ 2 ^ 3' },
    { input: binary('^', '-1', '2'), expected: '(-1) ^ 2' },
    { input: binary('^', '-x', '2'), expected: '(-x) ^ 2' },
    { input: binary('^', 'Inf', '2'), expected: 'Inf ^ 2' },
    { input: binary('*', 'x offset (1m)', '2'), expected: '(x offset (1m)) * 2' },
    { input: negative(parse('a + b')), expected: '-(a + b)' },
    { input: negative(parse('a * b')), expected: '-(a * b)' },
    { input: negative(parse('a ^ b')), expected: '-a ^ b' },
    { input: negative(parse('5')), expected: '-(5)' },
    {
      input: {
        kind: 'subquery',
        expr: binary('+', 'a', 'b'),
        range: { kind: 'durationLiteral', ms: 1000, seconds: 1, number: false, position },
        step: undefined,
        offset: undefined,
        at: undefined,
        position,
      },
      expected: '(a + b)[1s:]',
    },
  ];
  for (const { input, expected } of cases) t.equal(printExpr(input), expected, expected);
});

t.test('printPortableExpr prints durations used as numbers as plain numbers', async (t) => {
  const print = (query: string): string => printPortableExpr(parseExpr(query, { features }));
  t.equal(print('sum(x * 5m) / -1h30m'), 'sum(x * 300) / -5400');
  t.equal(print('2m ^ x offset 1m > bool 3'), '120 ^ x offset 1m > bool 3');
  t.equal(print('rate(x[5m])'), 'rate(x[5m])');
});

t.test('a long expression is split into lines as by format_query of Prometheus', async (t) => {
  const cases: readonly { input: string; expected: readonly string[] }[] = [
    { input: 'sum by (a) (rate(x[5m]))', expected: ['sum by (a) (rate(x[5m]))'] },
    {
      input:
        'sum by (namespace) (rate(container_network_receive_bytes_total{cluster="region-1", namespace=~".+"}[5m])) / on(namespace) group_left count by (namespace) (kube_pod_info)',
      expected: [
        '  sum by (namespace) (',
        '    rate(container_network_receive_bytes_total{cluster="region-1",namespace=~".+"}[5m])',
        '  )',
        '/ on (namespace) group_left ()',
        '  count by (namespace) (kube_pod_info)',
      ],
    },
    {
      input:
        'histogram_quantile(0.99, sum by (le) (rate(apiserver_request_duration_seconds_bucket{verb!="WATCH"}[5m])))',
      expected: [
        'histogram_quantile(',
        '  0.99,',
        '  sum by (le) (rate(apiserver_request_duration_seconds_bucket{verb!="WATCH"}[5m]))',
        ')',
      ],
    },
    {
      input: `topk(3, -(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb))`,
      expected: [
        'topk(',
        '  3,',
        '  -(',
        '      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '    +',
        '      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
        '  )',
        ')',
      ],
    },
    {
      input: `max_over_time(rate(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{b="c"}[5m])[1h:1m] offset 5m)`,
      expected: [
        'max_over_time(',
        '  rate(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{b="c"}[5m])[1h:1m] offset 5m',
        ')',
      ],
    },
  ];
  for (const { input, expected } of cases) {
    t.equal(prettyExpr(parseExpr(input)), expected.join('\n'), input.slice(0, 40));
  }
});

t.test('a printed expression is parsed back as the same expression', async () => {
  fc.assert(
    fc.property(arbitraryExpr(), (expr) => {
      const read = parseExpr(printExpr(expr), { features });
      deepStrictEqual(comparable(read, { parentheses: false }), comparable(expr, { parentheses: false }));
      deepStrictEqual(typeOf(read), typeOf(expr));
      // A parsed expression needs no additional parentheses, on one line or on several.
      const exact = comparable(read, { parentheses: true });
      deepStrictEqual(comparable(parseExpr(printExpr(read), { features }), { parentheses: true }), exact);
      deepStrictEqual(comparable(parseExpr(prettyExpr(read), { features }), { parentheses: true }), exact);
    }),
    { numRuns: 500 },
  );
});

t.test('a printed expression without experimental constructs is parsed back without features', async () => {
  fc.assert(
    fc.property(arbitraryExpr({ experimental: false }), (expr) => {
      const read = parseExpr(printExpr(expr));
      deepStrictEqual(comparable(read, { parentheses: false }), comparable(expr, { parentheses: false }));
    }),
    { numRuns: 300 },
  );
});
