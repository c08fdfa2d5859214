import t from 'tap';

import type { ValueType } from '../../../src/model/index.js';
import {
  parseExpr,
  typeOf,
  walk,
  type Expr,
  type VectorMatching,
} from '../../../src/promql/language/index.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';

const parse = (query: string): Expr => parseExpr(query, { features: ALL_FEATURES });

/** Prints an expression fully parenthesized and without modifiers. */
function nesting(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return String(expr.value);
    case 'string':
      return JSON.stringify(expr.value);
    case 'vectorSelector':
      return expr.name;
    case 'matrixSelector':
      return `${expr.selector.name}[]`;
    case 'subquery':
      return `${nesting(expr.expr)}[:]`;
    case 'aggregate':
    case 'paren':
      return `(${nesting(expr.expr)})`;
    case 'call':
      return `${expr.func}(${expr.args.map(nesting).join()})`;
    case 'binary':
      return `{${nesting(expr.lhs)} ${expr.op} ${nesting(expr.rhs)}}`;
    case 'unary':
      return `{${expr.op}${nesting(expr.expr)}}`;
  }
}

t.test('operators have the precedence and associativity of Prometheus', async (t) => {
  const cases: readonly (readonly [query: string, expected: string])[] = [
    ['a or b and c', '{a or {b and c}}'],
    ['a and b or c', '{{a and b} or c}'],
    ['a unless b and c', '{{a unless b} and c}'],
    ['a and b == c', '{a and {b == c}}'],
    ['a == b < c', '{{a == b} < c}'],
    ['a </ 1 >/ 2', '{{a </ 1} >/ 2}'],
    ['a > b + c', '{a > {b + c}}'],
    ['a - b - c', '{{a - b} - c}'],
    ['a + b * c', '{a + {b * c}}'],
    ['a % b atan2 c / d', '{{{a % b} atan2 c} / d}'],
    ['a * b ^ c', '{a * {b ^ c}}'],
    ['a ^ b ^ c', '{a ^ {b ^ c}}'],
    ['-a ^ b', '{-{a ^ b}}'],
    ['-a * b', '{{-a} * b}'],
    ['a ^ -b ^ c', '{a ^ {-{b ^ c}}}'],
    ['a ^ -b * c', '{{a ^ {-b}} * c}'],
    ['- - a', '{-{-a}}'],
    ['-1 ^ 2', '{-{1 ^ 2}}'],
    ['-1 * 2', '{-1 * 2}'],
    ['--1', '1'],
    ['max_over_time((-a)[5m:])', 'max_over_time(({-a})[:])'],
    ['-a offset 5m', '{-a}'],
    ['a + b offset 1m + c', '{{a + b} + c}'],
    ['a offset 5m - 8', '{a - 8}'],
    ['a offset -1 ^ 2', '{a ^ 2}'],
    ['a offset step() * 2', '{a * 2}'],
    ['a offset -(1m) * 2', '{a * 2}'],
    ['a offset (1m) * 2', 'a'],
    ['a @ 1 + 2', '{a + 2}'],
    ['or or or', '{or or or}'],
  ];
  for (const [query, expected] of cases) t.equal(nesting(parse(query)), expected, query);
});

t.test('every node has its byte range in the query', async (t) => {
  const text = '(topk by (a) (2, -rate({"é"="x"}[5m] offset 1m) / on (b) (up @ 1)))  [1h:1m] offset 2m # end';
  const sources: string[] = [];
  walk(parse(text), (expr) => {
    const bytes = Buffer.from(text).subarray(expr.position.start, expr.position.end);
    sources.push(bytes.toString());
  });
  t.strictSame(sources, [
    text.slice(0, -6),
    text.slice(0, text.indexOf('  [1h')),
    text.slice(1, text.indexOf(')  [1h')),
    '2',
    '-rate({"é"="x"}[5m] offset 1m) / on (b) (up @ 1)',
    '-rate({"é"="x"}[5m] offset 1m)',
    'rate({"é"="x"}[5m] offset 1m)',
    '{"é"="x"}[5m] offset 1m',
    '{"é"="x"}',
    '(up @ 1)',
    'up @ 1',
  ]);
});

t.test('numbers are parsed as Go parses them', async (t) => {
  const cases: readonly (readonly [text: string, value: number, duration?: boolean])[] = [
    ['0', 0],
    ['-0', -0],
    ['42', 42],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1E+3', 1000],
    ['2.5e-3', 0.0025],
    ['1_000', 1000],
    ['1_0.2_5e1_0', 10.25e10],
    ['0x1F', 31],
    ['0X_1f', 31],
    ['0x1_f', 31],
    ['0x1e5', 485],
    ['017', 15],
    ['0_17', 15],
    ['-0755', -493],
    ['08', 8],
    ['01.5', 1.5],
    ['9223372036854775807', 2 ** 63],
    ['9223372036854775808', 2 ** 63],
    ['0777777777777777777777', 2 ** 63],
    ['1e-400', 0],
    ['inf', Infinity],
    ['-INF', -Infinity],
    ['+Inf', Infinity],
    ['NaN', NaN],
    ['nan', NaN],
    ['5m', 300, true],
    ['-1h30m', -5400, true],
    ['1y2w3d4h5m6s7ms', 33_019_506.007, true],
    ['0s', 0, true],
  ];
  for (const [text, value, duration = false] of cases) {
    const expr = parse(text);
    t.equal(expr.kind, 'number', text);
    if (expr.kind !== 'number') continue;
    t.ok(Object.is(expr.value, value), `${text} is ${value}, not ${expr.value}`);
    t.equal(expr.duration, duration, text);
  }
});

t.test('strings are parsed as Go parses them', async (t) => {
  const cases: readonly (readonly [text: string, value: string])[] = [
    ['""', ''],
    ["'a\"b'", 'a"b'],
    ['"a\'b"', "a'b"],
    ['`a\\n"\'\nb`', 'a\\n"\'\nb'],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\u0007\b\f\n\r\t\v\\"'],
    ["'\\''", "'"],
    ['"\\x41\\101\\u0041\\U00000041"', 'AAAA'],
    ['"\\xc3\\xa9\\303\\251"', 'éé'],
    ['"\\u00e9 \\U0001F600 😀"', 'é 😀 😀'],
    ['"\\0001"', '\u00001'],
  ];
  for (const [text, value] of cases) {
    const expr = parse(text);
    t.equal(expr.kind === 'string' ? expr.value : expr, value, text);
  }
});

t.test('a selector has its matchers in source order, followed by the matcher of the name', async (t) => {
  const cases: readonly (readonly [query: string, name: string, matchers: readonly string[]])[] = [
    ['up', 'up', ['__name__=up']],
    ['up{}', 'up', ['__name__=up']],
    ['job:up:sum{a="b",}', 'job:up:sum', ['a=b', '__name__=job:up:sum']],
    ['up{z="1", a!="2", z=~"3", b!~\'4\'}', 'up', ['z=1', 'a!=2', 'z=~3', 'b!~4', '__name__=up']],
    ['{__name__=~"a|b"}', '', ['__name__=~a|b']],
    ['{"my.metric"}', '', ['__name__=my.metric']],
    ['{a="b", "my.metric", `l.x` != "y"}', '', ['a=b', '__name__=my.metric', 'l.x!=y']],
    ['{__name__="a", __name__="b"}', '', ['__name__=a', '__name__=b']],
    ['sum{by="on", offset="bool"}', 'sum', ['by=on', 'offset=bool', '__name__=sum']],
    ['fill{a="b"}', 'fill', ['a=b', '__name__=fill']],
    ['up{# remark }\na="#"}', 'up', ['a=#', '__name__=up']],
  ];
  for (const [query, name, matchers] of cases) {
    const expr = parse(query);
    t.equal(expr.kind, 'vectorSelector', query);
    if (expr.kind !== 'vectorSelector') continue;
    t.equal(expr.name, name, query);
    t.strictSame(
      expr.matchers.map((matcher) => `${matcher.name}${matcher.op}${matcher.value}`),
      matchers,
      query,
    );
  }
});

t.test('keywords are valid names where they have no other meaning', async (t) => {
  const words =
    'and or unless sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk';
  const more =
    'limit_ratio offset anchored smoothed by without fill fill_left fill_right start end step range min_of';
  for (const word of `${words} ${more} max_of`.split(' ')) {
    t.equal(nesting(parse(word)), word);
    t.equal(nesting(parse(`${word} + ${word}`)), `{${word} + ${word}}`);
    t.equal(nesting(parse(`abs(${word} offset 5m)`)), `abs(${word})`);
    t.equal(nesting(parse(`${word}[5m]`)), `${word}[]`);
  }
  for (const word of `${words} ${more} max_of bool on ignoring group_left group_right atan2`.split(' ')) {
    const expr = parse(`sum by (${word}, ${word.toUpperCase()}) (up)`);
    t.strictSame(expr.kind === 'aggregate' && expr.grouping, [word, word.toUpperCase()]);
  }
});

t.test('offset and @ are accepted in any order and stored on the selector of a range', async (t) => {
  for (const query of ['up[5m] offset 1m @ 100', 'up[5m] @ 100 offset 1m', 'UP[5m] @ 1m40s OFFSET 60']) {
    const expr = parse(query);
    t.equal(expr.kind, 'matrixSelector');
    if (expr.kind !== 'matrixSelector') continue;
    t.match(expr.range, { kind: 'durationLiteral', ms: 300_000 });
    t.match(expr.selector.offset, { kind: 'durationLiteral', ms: 60_000 });
    t.strictSame(expr.selector.at, { kind: 'timestamp', timeMs: 100_000 });
  }
  t.match(parse('up offset -1s500ms'), { offset: { ms: -1500 } });
  t.match(parse('up offset +7'), { offset: { ms: 7000 } });
  t.match(parse('up offset 0'), { offset: undefined });
  t.match(parse('up offset 0s offset 1m'), { offset: { ms: 60_000 } });
  t.match(parse('up[1h:] @ start() offset 1m'), { kind: 'subquery', at: { kind: 'start' }, step: undefined });
  t.match(parse('up @ END()'), { at: { kind: 'end' } });
});

t.test('@ is rounded to milliseconds, half a millisecond away from zero', async (t) => {
  const cases: readonly (readonly [query: string, timeMs: number])[] = [
    ['up @ 3.3333', 3333],
    ['up @ 3.3335', 3334],
    ['up @ -3.3335', -3334],
    ['up @ .3', 300],
    ['up @ 0xA', 10_000],
    ['up @ -0', 0],
    ['up @ 1e3', 1_000_000],
  ];
  for (const [query, timeMs] of cases) {
    const expr = parse(query);
    t.strictSame(expr.kind === 'vectorSelector' && expr.at, { kind: 'timestamp', timeMs }, query);
  }
});

t.test('the grouping of an aggregation is accepted before and after its arguments', async (t) => {
  for (const query of ['sum by (a, "b.c",) (up)', 'SUM(up) BY (a, `b.c`)']) {
    t.match(parse(query), {
      kind: 'aggregate',
      op: 'sum',
      grouping: ['a', 'b.c'],
      without: false,
      param: undefined,
    });
  }
  t.match(parse('topk without () (5, up)'), { op: 'topk', grouping: [], without: true, param: { value: 5 } });
  t.match(parse('count_values("v", up)'), {
    op: 'count_values',
    param: { value: 'v' },
    expr: { name: 'up' },
  });
});

t.test(
  'only operations between vectors have a matching, which is many-to-many for set operators',
  async (t) => {
    const none = { lhs: undefined, rhs: undefined };
    const plain: VectorMatching = { card: 'one-to-one', labels: [], on: false, include: [], fill: none };
    const cases: readonly (readonly [query: string, matching: VectorMatching | undefined])[] = [
      ['a + b', plain],
      ['a + 1', undefined],
      ['1 + a', undefined],
      ['1 + 1', undefined],
      ['a + on () 1', undefined],
      ['a and b', { ...plain, card: 'many-to-many' }],
      ['a or on (x) b', { ...plain, card: 'many-to-many', labels: ['x'], on: true }],
      ['a * ignoring (x, y) b', { ...plain, labels: ['x', 'y'] }],
      ['a * on (x) group_left b', { ...plain, labels: ['x'], on: true, card: 'many-to-one' }],
      ['a * on () group_right (y,) b', { ...plain, on: true, card: 'one-to-many', include: ['y'] }],
      ['a * ignoring (x) group_left (x) b', { ...plain, labels: ['x'], card: 'many-to-one', include: ['x'] }],
      ['a + fill (-1m) b', { ...plain, fill: { lhs: -60, rhs: -60 } }],
      ['a + fill_left (1) b', { ...plain, fill: { lhs: 1, rhs: undefined } }],
      [
        'a + on (x) group_left fill_right (1) fill_left (2) b',
        { ...plain, labels: ['x'], on: true, card: 'many-to-one', fill: { lhs: 2, rhs: 1 } },
      ],
    ];
    for (const [query, matching] of cases) {
      const expr = parse(query);
      t.strictSame(expr.kind === 'binary' && expr.matching, matching, query);
    }
    t.match(parse('-(1 + (a or b))'), {
      expr: { expr: { matching: undefined, rhs: { expr: { matching: { card: 'many-to-many' } } } } },
    });
  },
);

t.test('bool is accepted before the matching', async (t) => {
  t.match(parse('a == bool on (x) b'), { returnBool: true, matching: { labels: ['x'] } });
  t.match(parse('1 > BOOL 2'), { returnBool: true });
  t.match(parse('a == b'), { returnBool: false });
});

t.test('duration expressions are parsed', async (t) => {
  t.match(parse('up[1h30m]'), {
    range: { kind: 'durationLiteral', ms: 5_400_000, seconds: 5400, number: false },
  });
  t.match(parse('up[0.0015]'), { range: { kind: 'durationLiteral', ms: 1, seconds: 0.0015, number: true } });
  t.match(parse('up[4.018]'), { range: { ms: 4018 } });
  t.match(parse('up[-2^2 + STEP()]'), {
    range: {
      kind: 'durationBinary',
      op: '+',
      lhs: { kind: 'durationUnary', expr: { kind: 'durationBinary', op: '^', lhs: { seconds: 2 } } },
      rhs: { kind: 'durationCall', func: 'step', args: [] },
    },
  });
  t.match(parse('up[1h - 2m * 3:min_of(range(), (5m))]'), {
    range: { op: '-', rhs: { op: '*' } },
    step: { func: 'min_of', args: [{ func: 'range' }, { kind: 'durationParen', expr: { ms: 300_000 } }] },
  });
  t.match(parse('up offset -max_of(1m, step())'), {
    offset: { kind: 'durationUnary', expr: { func: 'max_of' } },
  });
  t.match(parse('up offset - -1m'), { offset: { kind: 'durationLiteral', ms: 60_000 } });
  t.match(parse('up[step():]'), { kind: 'subquery', range: { func: 'step' } });
});

t.test('anchored and smoothed are accepted before and after other modifiers of a selector', async (t) => {
  t.match(parse('up anchored'), { kind: 'vectorSelector', extension: 'anchored' });
  t.match(parse('up[5m] smoothed @ 1'), { selector: { extension: 'smoothed', at: { timeMs: 1000 } } });
  t.match(parse('up smoothed [5m] offset 1m'), {
    selector: { extension: 'smoothed', offset: { ms: 60_000 } },
  });
  t.match(parse('up'), { extension: undefined });
});

t.test('typeOf returns the type of each kind of expression', async (t) => {
  const cases: readonly (readonly [query: string, type: ValueType])[] = [
    ['1', 'scalar'],
    ['"a"', 'string'],
    ['up', 'vector'],
    ['up[5m]', 'matrix'],
    ['up[5m:]', 'matrix'],
    ['(up[5m])', 'matrix'],
    ['-up', 'vector'],
    ['-(1)', 'scalar'],
    ['1 + 1', 'scalar'],
    ['1 + up', 'vector'],
    ['up + 1', 'vector'],
    ['1 == bool 1', 'scalar'],
    ['time()', 'scalar'],
    ['scalar(up) * 2', 'scalar'],
    ['vector(1)', 'vector'],
    ['rate(up[5m])', 'vector'],
    ['sum(up)', 'vector'],
    ['min_of(1, step())', 'scalar'],
  ];
  for (const [query, type] of cases) t.equal(typeOf(parse(query)), type, query);
});
