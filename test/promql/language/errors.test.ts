import t from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import {
  ALL_FEATURES,
  ParseError,
  parseExpr,
  parseMatchers,
  parseSelector,
  printPosition,
  typeOf,
} from '../../../src/promql/language/index.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';

/** Returns the parse error of a query, or `undefined` for a valid query. */
function messageOf(query: string, features = ALL_FEATURES): string | undefined {
  try {
    parseExpr(query, { features });
    return undefined;
  } catch (error) {
    if (error instanceof ParseError && error.code === 'bad_data') return error.message;
    throw error;
  }
}

// The texts of Prometheus for the same queries.
const INVALID_QUERIES: readonly (readonly [
  group: string,
  cases: readonly (readonly [query: string, message: string])[],
])[] = [
  [
    'empty queries',
    [
      ['', 'unknown position: parse error: no expression found in input'],
      ['  ', '1:1: parse error: no expression found in input'],
      ['# only a remark\n', '1:1: parse error: no expression found in input'],
    ],
  ],
  [
    'operators without operands',
    [
      ['2 *', '1:4: parse error: unexpected end of input'],
      ['/ 2', '1:1: parse error: unexpected <op:/>'],
      ['up ==', '1:6: parse error: unexpected end of input'],
      ['@ 5', '1:1: parse error: unexpected <op:@>'],
      ['+-=', '1:3: parse error: unexpected "="'],
      ['up + , up', '1:6: parse error: unexpected ","'],
      ['up up', '1:4: parse error: unexpected identifier "up"'],
      ['up job:up', '1:4: parse error: unexpected metric identifier "job:up"'],
      ['up 5', '1:4: parse error: unexpected number "5"'],
      ['up 1h', '1:4: parse error: unexpected duration "1h"'],
      ['up "text"', '1:4: parse error: unexpected string "\\"text\\""'],
      ['up "a long text"', '1:4: parse error: unexpected string "\\"a long te"...'],
      ['up bool', '1:4: parse error: unexpected <bool>'],
      ['up By (job)', '1:4: parse error: unexpected <By>'],
      ['up sum', '1:4: parse error: unexpected <aggr:sum>'],
      ['up start', '1:4: parse error: unexpected "start"'],
      ['bool', '1:1: parse error: unexpected <bool>'],
      ['atan2 + 1', '1:1: parse error: unexpected <op:atan2>'],
    ],
  ],
  [
    'parentheses and brackets',
    [
      ['(', '1:2: parse error: unclosed left parenthesis'],
      ['((up)', '1:6: parse error: unclosed left parenthesis'],
      [')', "1:2: parse error: unexpected right parenthesis ')'"],
      ['(up))', "1:6: parse error: unexpected right parenthesis ')'"],
      ['()', '1:2: parse error: unexpected ")"'],
      ['up]', "1:3: parse error: unexpected right bracket ']'"],
      ['up[5m', '1:6: parse error: unclosed left bracket'],
      ['up[', '1:4: parse error: unexpected end of input in duration expression'],
      ['up[5m[', "1:6: parse error: unexpected left bracket '['"],
      ['}', "1:1: parse error: unexpected character: '}'"],
    ],
  ],
  [
    'unexpected characters',
    [
      ['up $', "1:4: parse error: unexpected character: '$'"],
      ['.', "1:1: parse error: unexpected character: '.'"],
      ['up ! up', "1:4: parse error: unexpected character after '!': ' '"],
      ['up !~ up', "1:4: parse error: unexpected character after '!': '~'"],
      ['up =~ up', "1:4: parse error: unexpected character after '=': '~'"],
      ['up!', "1:3: parse error: unexpected character after '!': '\ufffd'"],
      ['grüße', "1:3: parse error: unexpected character: 'ü'"],
      ['1 + \u0007', "1:5: parse error: unexpected character: '\\a'"],
      ['1 + \u200b', "1:5: parse error: unexpected character: '\\u200b'"],
      ['1 + \u{e0001}', "1:5: parse error: unexpected character: '\\U000e0001'"],
      ["1 + '", '1:5: parse error: unterminated quoted string'],
    ],
  ],
  [
    'numbers and durations',
    [
      ['1.2.', '1:1: parse error: bad number or duration syntax: "1.2."'],
      ['7..5', '1:1: parse error: bad number or duration syntax: "7.."'],
      ['1e', '1:1: parse error: bad number or duration syntax: "1e"'],
      ['0x1.8', '1:1: parse error: bad number or duration syntax: "0x1."'],
      ['0b1', '1:1: parse error: bad number or duration syntax: "0"'],
      ['1__0', '1:1: parse error: bad number or duration syntax: "1__"'],
      ['0dead', '1:1: parse error: bad number or duration syntax: "0de"'],
      ['5mx', '1:1: parse error: bad number or duration syntax: "5mx"'],
      ['0x', '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax'],
      [
        '1e999',
        '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e999": value out of range',
      ],
      ['up[3m3]', '1:4: parse error: bad number or duration syntax: "3m3"'],
      ['up[1h2h]', '1:4: parse error: not a valid duration string: "1h2h"'],
      ['up[2s1m]', '1:4: parse error: not a valid duration string: "2s1m"'],
      ['up[2y3ds]', '1:4: parse error: unknown unit "ds" in duration "2y3ds"'],
      ['up[999999y]', '1:4: parse error: duration out of range'],
      ['up[9.9e10]', '1:4: parse error: duration out of range'],
      ['up offset -9.9e10', '1:12: parse error: duration out of range'],
      ['up[0]', '1:4: parse error: duration must be greater than 0'],
      ['up[-5m]', '1:4: parse error: duration must be greater than 0'],
      ['up[1h:0s]', '1:7: parse error: duration must be greater than 0'],
      ['up[0.0001]', '1:4: parse error: duration must be greater than 0'],
    ],
  ],
  [
    'strings',
    [
      ['"open', '1:1: parse error: unterminated quoted string'],
      ['"two\nlines"', '1:1: parse error: unterminated quoted string'],
      ['`open', '1:1: parse error: unterminated raw string'],
      ['"\\', '1:1: parse error: escape sequence not terminated'],
      ['"\\x4', '1:1: parse error: escape sequence not terminated'],
      ['"\\q"', "1:1: parse error: unknown escape sequence U+0071 'q'"],
      ['"\\\'"', "1:1: parse error: unknown escape sequence U+0027 '''"],
      ['"\\xZ0"', "1:1: parse error: illegal character U+005A 'Z' in escape sequence"],
      ['"\\08"', "1:1: parse error: illegal character U+0038 '8' in escape sequence"],
      ['"\\ud800"', '1:1: parse error: escape sequence is an invalid Unicode code point'],
      ['"\\U00110000"', '1:1: parse error: escape sequence is an invalid Unicode code point'],
      ['"\\777"', '1:1: parse error: escape sequence is an invalid Unicode code point'],
      ['up{a="\ufffd"}', '1:6: parse error: invalid UTF-8 rune'],
      ['`\ud800`', '1:1: parse error: invalid UTF-8 rune'],
      ['"\\xff"', '1:1: parse error: string "\\"\\\\xff\\"" is not valid UTF-8'],
      ['up{a="\\xff"}', '1:6: parse error: string "\\"\\\\xff\\"" is not valid UTF-8'],
      ['label_join({"é"}, "\\xe9", "")', '1:20: parse error: string "\\"\\\\xe9\\"" is not valid UTF-8'],
    ],
  ],
  [
    'matchers',
    [
      ['up{', '1:4: parse error: unexpected end of input inside braces'],
      ['up{job', '1:7: parse error: unexpected end of input inside braces'],
      ['up{job}', '1:7: parse error: unexpected "}" in label matching, expected label matching operator'],
      ['up{job=}', '1:8: parse error: unexpected "}" in label matching, expected string'],
      ['up{job=api}', '1:8: parse error: unexpected identifier "api" in label matching, expected string'],
      ['up{job=="a"}', '1:8: parse error: unexpected "=" in label matching, expected string'],
      ['up{"a"=}', '1:8: parse error: unexpected "}" in label matching, expected string'],
      ['up{,}', '1:4: parse error: unexpected "," in label matching, expected identifier or "}"'],
      ['up{a="b",,}', '1:10: parse error: unexpected "," in label matching, expected identifier or "}"'],
      ['up{=~"b"}', '1:4: parse error: unexpected <op:=~> in label matching, expected identifier or "}"'],
      [
        'up{a="b" c="d"}',
        '1:10: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
      ],
      ['up{"a" "b"}', '1:8: parse error: unexpected string "\\"b\\"" in label matching, expected "," or "}"'],
      ['up{a:b="c"}', "1:5: parse error: unexpected character inside braces: ':'"],
      ['up{1="a"}', "1:4: parse error: unexpected character inside braces: '1'"],
      ['up{a<"b"}', "1:5: parse error: unexpected character inside braces: '<'"],
      ['up{a!"b"}', "1:5: parse error: unexpected character after '!' inside braces: '\"'"],
      ['up{{}', "1:4: parse error: unexpected left brace '{'"],
      ['up{a=~"("}', '1:4: parse error: error parsing regexp: missing closing ): `(`'],
      [
        'up{"a"!~"*"}',
        '1:4: parse error: error parsing regexp: missing argument to repetition operator: `*`',
      ],
      ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
      ['1 + {a=""}', '1:5: parse error: vector selector must contain at least one non-empty matcher'],
      [
        '{a!="b", c=~".*", d!~".+"}',
        '1:1: parse error: vector selector must contain at least one non-empty matcher',
      ],
      ['up{__name__="down"}', '1:1: parse error: metric name must not be set twice: "up" or "down"'],
      ['up{"down"}', '1:1: parse error: metric name must not be set twice: "up" or "down"'],
    ],
  ],
  [
    'ranges and subqueries',
    [
      [
        'up[]',
        '1:4: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
      ],
      [
        'up[+]',
        '1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
      ],
      [
        'up[step]',
        '1:8: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
      ],
      ['up["5m"]', "1:4: parse error: unexpected character in duration expression: '\"'"],
      ['up[five]', "1:4: parse error: unexpected character in duration expression: 'f'"],
      ['up[:5m]', '1:5: parse error: unexpected colon before duration in duration expression'],
      ['up[5m 5m]', '1:7: parse error: unexpected duration "5m" in subquery or range, expected ":" or "]"'],
      ['up[5m m]', "1:7: parse error: unexpected character: 'm', expected ':'"],
      ['up[5m::]', "1:7: parse error: unexpected colon ':'"],
      [
        'up[5m:,]',
        '1:7: parse error: unexpected "," in subquery selector, expected number, duration, step(), range(), or "]"',
      ],
      ['up[5m:1m 1m]', '1:10: parse error: unexpected duration "1m" in subquery selector, expected "]"'],
      ['1[5m]', '1:2: parse error: ranges only allowed for vector selectors'],
      ['rate(up[5m])[5m]', '1:13: parse error: ranges only allowed for vector selectors'],
      ['up offset 1m [5m]', '1:14: parse error: no offset modifiers allowed before range'],
      ['up @ end() [5m]', '1:12: parse error: no @ modifiers allowed before range'],
      ['up[5m][1h:]', '1:1: parse error: subquery is only allowed on instant vector, got matrix instead'],
      ['1[1h:]', '1:1: parse error: subquery is only allowed on instant vector, got scalar instead'],
    ],
  ],
  [
    'offset and @',
    [
      [
        'up offset',
        '1:10: parse error: unexpected end of input in offset, expected number, duration, step(), or range()',
      ],
      [
        'up offset up',
        '1:11: parse error: unexpected identifier "up" in offset, expected number, duration, step(), or range()',
      ],
      [
        'up offset (1m+)',
        '1:15: parse error: unexpected ")" in offset, expected number, duration, step(), or range()',
      ],
      ['up offset 1m offset 2m', '1:1: parse error: offset may not be set multiple times'],
      [
        '5 offset 1m',
        '1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      ],
      ['up @', '1:5: parse error: unexpected end of input in @, expected timestamp'],
      ['up @ now', '1:6: parse error: unexpected identifier "now" in @, expected timestamp'],
      ['up @ start', '1:11: parse error: unexpected end of input in @, expected timestamp'],
      ['up @ 1 @ 2', '1:1: parse error: @ <timestamp> may not be set multiple times'],
      ['up @ 1 @ start()', '1:1: parse error: @ <timestamp> may not be set multiple times'],
      [
        'sum(up) @ 1',
        '1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      ],
      ['up @ -inf', '1:1: parse error: timestamp out of bounds for @ modifier: -Inf'],
      ['up @ nan', '1:1: parse error: timestamp out of bounds for @ modifier: NaN'],
      ['up @ 1e19', '1:1: parse error: timestamp out of bounds for @ modifier: 10000000000000000000.000000'],
    ],
  ],
  [
    'aggregations',
    [
      ['sum(', '1:5: parse error: unclosed left parenthesis'],
      ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
      [
        'sum(up, up)',
        '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2',
      ],
      [
        'topk(up)',
        '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1',
      ],
      ['sum(up up)', '1:8: parse error: unexpected identifier "up" in aggregation'],
      ['sum by (a) up', '1:12: parse error: unexpected identifier "up" in aggregation'],
      ['sum up by (a)', '1:5: parse error: unexpected identifier "up"'],
      ['sum(up) by a', '1:12: parse error: unexpected identifier "a" in grouping opts, expected "("'],
      ['sum by (==) (up)', '1:9: parse error: unexpected <op:==> in grouping opts, expected label'],
      ['sum by (,) (up)', '1:9: parse error: unexpected "," in grouping opts, expected label'],
      ['sum by (a,,b) (up)', '1:11: parse error: unexpected "," in grouping opts, expected label'],
      [
        'sum by (a b) (up)',
        '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"',
      ],
      ['sum by ("") (up)', '1:9: parse error: invalid label name for grouping: ""'],
      ['sum(up) by (a) without (b)', '1:16: parse error: unexpected <without>'],
      ['sum(5)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar'],
      [
        'sum(up[5m])',
        '1:5: parse error: expected type instant vector in aggregation expression, got range vector',
      ],
      ['topk(up, up)', '1:6: parse error: expected type scalar in aggregation parameter, got instant vector'],
      ['count_values(1, up)', '1:14: parse error: expected type string in aggregation parameter, got scalar'],
    ],
  ],
  [
    'functions',
    [
      ['nosuch(up)', '1:1: parse error: unknown function with name "nosuch"'],
      ['RATE(up[5m])', '1:1: parse error: unknown function with name "RATE"'],
      ['nosuch(up', '1:10: parse error: unclosed left parenthesis'],
      ['abs(up,)', '1:7: parse error: trailing commas not allowed in function call args'],
      ['abs(,up)', '1:5: parse error: unexpected ","'],
      ['abs(up up)', '1:8: parse error: unexpected identifier "up"'],
      ['abs()', '1:1: parse error: expected 1 argument(s) in call to "abs", got 0'],
      ['time(1)', '1:1: parse error: expected 0 argument(s) in call to "time", got 1'],
      ['hour(up, up)', '1:1: parse error: expected at most 1 argument(s) in call to "hour", got 2'],
      ['label_join(up)', '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1'],
      [
        'rate(up)',
        '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
      ],
      ['abs("a")', '1:5: parse error: expected type instant vector in call to function "abs", got string'],
      [
        'label_join(up, "a", "b", 1)',
        '1:26: parse error: expected type string in call to function "label_join", got scalar',
      ],
      [
        'label_join(up, "a", "b", "c", 1)',
        '1:31: parse error: expected type string in call to function "label_join", got scalar',
      ],
      [
        'info(up, down{a="b"})',
        '1:10: parse error: expected label selectors only, got vector selector instead',
      ],
      ['info(up, {a="b"} + 1)', '1:10: parse error: expected label selectors only'],
      [
        'info(up, 1)',
        '1:1: parse error: expected type instant vector in call to function "info", got scalar',
      ],
    ],
  ],
  [
    'binary operations',
    [
      ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
      ['1  \n  <= # less\n 2', '2:3: parse error: comparisons between scalars must use BOOL modifier'],
      ['up + bool 1', '1:4: parse error: bool modifier can only be used on comparison operators'],
      ['up and bool up', '1:4: parse error: bool modifier can only be used on comparison operators'],
      ['up </ bool 1', '1:4: parse error: bool modifier can only be used on comparison operators'],
      ['1 or up', '1:1: parse error: set operator "or" not allowed in binary scalar expression'],
      ['up unless 1', '1:1: parse error: set operator "unless" not allowed in binary scalar expression'],
      ['up[5m] + 1', '1:1: parse error: binary expression must contain only scalar and instant vector types'],
      ['1 + "a"', '1:5: parse error: binary expression must contain only scalar and instant vector types'],
      [
        '-"a"',
        '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "string"',
      ],
      [
        '-up[5m]',
        '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
      ],
      ['up + on (a) 1', '1:1: parse error: vector matching only allowed between instant vectors'],
      ['up + fill (1) 1', '1:1: parse error: filling in missing series only allowed between instant vectors'],
      ['up and fill (1) up', '1:1: parse error: filling in missing series not allowed for set operators'],
      ['up and on (a) group_left up', '1:1: parse error: no grouping allowed for "and" operation'],
      [
        'up + on (a) group_left (b, a) up',
        '1:4: parse error: label "a" must not occur in ON and GROUP clause at once',
      ],
      ['up + group_left up', '1:6: parse error: unexpected <group_left>'],
      ['up + on (a) ignoring (b) up', '1:13: parse error: unexpected <ignoring>'],
      ['up + on a', '1:9: parse error: unexpected identifier "a" in grouping opts, expected "("'],
      ['up + on (a) group_left', '1:23: parse error: unexpected end of input in grouping opts, expected "("'],
      ['up + fill (up) up', '1:12: parse error: unexpected identifier "up"'],
      ['up + fill (1) fill_left (1) up', '1:25: parse error: unexpected "("'],
    ],
  ],
  [
    'duration expressions',
    [
      ['up[1m/0]', '1:6: parse error: division by zero'],
      ['up[step()%0s]', '1:10: parse error: modulo by zero'],
      ['up offset (1m/0)', '1:14: parse error: division by zero'],
      [
        'up[5m + ]',
        '1:9: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
      ],
    ],
  ],
  [
    'anchored and smoothed',
    [
      ['up anchored smoothed', '1:1: parse error: anchored and smoothed modifiers cannot be used together'],
      [
        'up[5m] smoothed anchored',
        '1:1: parse error: anchored and smoothed modifiers cannot be used together',
      ],
      ['up[5m:] anchored', '1:1: parse error: anchored modifier is not supported for subqueries'],
      ['1 + sum(up) smoothed', '1:5: parse error: smoothed modifier not implemented'],
    ],
  ],
];

for (const [group, cases] of INVALID_QUERIES) {
  t.test(`invalid queries have the errors of Prometheus: ${group}`, async (t) => {
    for (const [query, message] of cases) t.equal(messageOf(query), message, JSON.stringify(query));
  });
}

t.test('an error names the line and the byte column of its start', async (t) => {
  t.equal(messageOf('up\n  + # grüße 😀\n  )'), "3:4: parse error: unexpected right parenthesis ')'");
  t.equal(messageOf('"grüße 😀" + $'), "1:18: parse error: unexpected character: '$'");
  t.equal(printPosition('a\nb', 2), '2:1');
  t.equal(printPosition('a\nb', 1), '1:2', 'a line break is part of the line that it ends');
  t.equal(printPosition('ab', 2), '1:3', 'the end of the query is a valid position');
  t.equal(printPosition('ab', 3), 'invalid position');
  t.equal(printPosition('ab', -1), 'invalid position');
});

t.test('an error has the byte range of the invalid expression', async (t) => {
  const positionOf = (query: string): unknown => {
    try {
      return parseExpr(query);
    } catch (error) {
      return error instanceof ParseError ? error.position : error;
    }
  };
  t.strictSame(positionOf('"é" + sum("é")'), { start: 11, end: 15 });
  t.strictSame(positionOf('rate(up)'), { start: 5, end: 7 });
});

t.test('only the first error is reported', async (t) => {
  t.equal(messageOf('nosuch(up) + $'), '1:1: parse error: unknown function with name "nosuch"');
  t.equal(messageOf('nosuch(up, $)'), "1:12: parse error: unexpected character: '$'");
  t.equal(
    messageOf('sum(1) + rate(up)'),
    '1:5: parse error: expected type instant vector in aggregation expression, got scalar',
  );
  t.equal(
    messageOf('rate(up) + )'),
    "1:13: parse error: unexpected right parenthesis ')'",
    'syntax errors precede type errors',
  );
});

t.test('hostile queries are rejected with a PromfedError within five seconds', async (t) => {
  const many = 10_000;
  const hostile: readonly (readonly [name: string, query: string])[] = [
    ['open parentheses', '('.repeat(100 * many)],
    ['parentheses after parentheses', `${'('.repeat(many)}up${')'.repeat(many + 1)}`],
    ['a chain of subqueries', 'up' + '[1m:]'.repeat(10 * many)],
    ['parentheses of a duration', `up[${'('.repeat(many)}1m${')'.repeat(many)}]`],
    ['a chain of durations', `up[1m${'+1m'.repeat(10 * many)}]`],
    ['parentheses of a pattern', `up{a=~"${'('.repeat(many)}${')'.repeat(many)}"}`],
    ['repetitions of a pattern', 'up{a=~"(((a{100}){100}){100}){100}"}'],
    ['a long number', '1'.repeat(100 * many)],
    ['a long duration', '1s'.repeat(50 * many)],
    ['a long word', 'x'.repeat(100 * many) + ' y'],
  ];
  for (const [name, query] of hostile) {
    const tookMs = cpuTimeMs(() => {
      t.throws(() => parseExpr(query, { features: ALL_FEATURES }), PromfedError, name);
    });
    t.ok(tookMs < 5000, `${name} took ${tookMs.toFixed()} ms`);
  }
});

t.test('a query of a megabyte is parsed, whatever its depth', async (t) => {
  const size = 2 ** 20;
  const shapes: readonly (readonly [name: string, make: () => string])[] = [
    ['parentheses', () => '('.repeat(size / 2) + 'up' + ')'.repeat(size / 2)],
    ['aggregations', () => 'sum('.repeat(size / 5) + 'up' + ')'.repeat(size / 5)],
    ['a chain of sums', () => 'up' + '+up'.repeat(size / 3)],
  ];
  for (const [name, make] of shapes) {
    const query = make();
    t.ok(query.length >= size - 4);
    t.equal(typeOf(parseExpr(query)), 'vector', name);
  }
});

t.test('a long and shallow query is parsed', async (t) => {
  const many = 50_000;
  t.equal(parseExpr(`up{${'a="b",'.repeat(many)}}`).kind, 'vectorSelector');
  t.equal(parseExpr(`sum by (${'a,'.repeat(many)}) (up)`).kind, 'aggregate');
  t.equal(parseExpr(`label_join(up, "a", "b"${', "c"'.repeat(many)})`).kind, 'call');
  t.equal(parseExpr(`"${'\\n'.repeat(many * 10)}"`).kind, 'string');
  t.equal(parseExpr(`${' # remark\n'.repeat(many)} up`).kind, 'vectorSelector');
  t.equal(parseExpr(`up + ${'fill + '.repeat(100)} fill ${' '.repeat(many * 10)}`).kind, 'binary');
});

t.test('parseSelector accepts the selectors of match[] only', async (t) => {
  const name = { name: '__name__', op: '=', value: 'up' };
  t.strictSame(parseSelector('up'), [name]);
  t.strictSame(parseSelector(' up{job=~"a.*"} '), [{ name: 'job', op: '=~', value: 'a.*' }, name]);
  t.strictSame(parseSelector('{"up"}'), [name]);
  t.strictSame(parseSelector('{}'), [], 'the caller rejects selectors without a non-empty matcher');
  t.strictSame(parseSelector('sum'), [{ ...name, value: 'sum' }]);
  t.throws(() => parseSelector('up[5m]'), { message: '1:3: parse error: unexpected "["' });
  t.throws(() => parseSelector('up offset 5m'), { message: '1:4: parse error: unexpected <offset>' });
  t.throws(() => parseSelector('rate(up)'), { message: '1:5: parse error: unexpected "("' });
  t.throws(() => parseSelector('5'), { message: '1:1: parse error: unexpected number "5"' });
  t.throws(() => parseSelector(''), { message: 'unknown position: parse error: unexpected end of input' });
  t.throws(() => parseSelector('up{a=~"("}'), { code: 'bad_data' });
});

t.test('parseMatchers accepts the inside of braces only', async (t) => {
  const matcher = { name: 'a', op: '=', value: 'b' };
  t.strictSame(parseMatchers('a="b"'), [matcher]);
  t.strictSame(parseMatchers(' a="b" , # comment\n on!~"c.*", '), [
    matcher,
    { name: 'on', op: '!~', value: 'c.*' },
  ]);
  t.strictSame(parseMatchers('"up"'), [{ name: '__name__', op: '=', value: 'up' }]);
  t.strictSame(parseMatchers(' '), []);
  const cases: { text: string; message: string }[] = [
    {
      text: 'a',
      message:
        '1:2: parse error: unexpected end of input in label matching, expected label matching operator',
    },
    { text: 'a=', message: '1:3: parse error: unexpected end of input in label matching, expected string' },
    {
      text: 'a="b" c="d"',
      message: '1:7: parse error: unexpected identifier "c" in label matching, expected "," or end of input',
    },
    {
      text: ',',
      message: '1:1: parse error: unexpected "," in label matching, expected identifier or end of input',
    },
    { text: '{a="b"}', message: "1:1: parse error: unexpected left brace '{'" },
    { text: 'a="b"}', message: "1:6: parse error: unexpected right brace '}'" },
    { text: 'é="b"', message: "1:1: parse error: unexpected character inside braces: 'é'" },
  ];
  for (const { text, message } of cases) t.throws(() => parseMatchers(text), { message }, text);
});
