import t from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import {
  parseExpr,
  parseMatchers,
  parseSelector,
  TextPositions,
  typeOf,
} from '../../../src/promql/language/index.js';
import { INVALID_QUERIES } from './invalid-queries.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';
import { ParseError } from '../../../src/promql/language/parse-error.js';

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
  t.equal(printPosition('', 0), 'unknown position');
});

t.test('positions in a long query are printed without reading it again', async (t) => {
  const positions = new TextPositions(`${'x'.repeat(500_000)}\n`.repeat(20));
  const ms = cpuTimeMs(() => {
    for (let i = 0; i < 20_000; i++) positions.print(10_000_000 - i);
  });
  t.ok(ms < 1000, `${ms.toFixed(0)} ms`);
  t.equal(positions.print(10_000_000), '20:499982');
});

/** Prints one position. */
function printPosition(query: string, offset: number): string {
  return new TextPositions(query).print(offset);
}

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
