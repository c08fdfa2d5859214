// Label patterns: literals and wildcards give the engine's results, and every pattern takes linear time.

import fc from 'fast-check';
import { RE2JS } from 're2js';
import t from 'tap';

import { compileMatcher, PromfedError, quotePattern } from '../../../src/model/index.js';

function matches(pattern: string, value: string): boolean {
  return compileMatcher({ name: 'a', op: '=~', value: pattern })(value);
}

const PIECES = [
  'a',
  'b',
  'foo',
  '.*',
  '.+',
  '.',
  '|',
  '(',
  ')',
  '\\.',
  '\\|',
  '\\\\',
  '\\-',
  'a*',
  '[ab]',
  '^',
  '$',
];
const MORE_PIECES = [
  '(?i)',
  '(?i:A)',
  '\\d',
  '\\bfoo',
  '(?:',
  'é',
  '😀',
  '\n',
  'x{2}',
  '(a|b)',
  '?',
  '\\pL',
  '(?s)',
];
const VALUES = ['', 'a', 'b', 'foo', 'A', 'FOO', '.', '|', '\\', '-', '\n', '1', 'é', '😀', 'xx', 'K'];

const pattern = fc
  .array(fc.constantFrom(...PIECES, ...MORE_PIECES), { maxLength: 6 })
  .map((pieces) => pieces.join(''));
const value = fc.array(fc.constantFrom(...VALUES), { maxLength: 4 }).map((parts) => parts.join(''));

t.test('a pattern matches the same values as the anchored pattern in the engine', async () => {
  fc.assert(
    fc.property(pattern, fc.array(value, { minLength: 1, maxLength: 8 }), (pattern, values) => {
      let anchored: RE2JS | undefined;
      try {
        RE2JS.compile(pattern, RE2JS.DOTALL);
        anchored = RE2JS.compile(`^(?s:${pattern})$`);
      } catch {
        anchored = undefined;
      }
      for (const value of values) {
        try {
          if (matches(pattern, value) !== anchored?.matcher(value).find()) return false;
        } catch (error) {
          if (anchored !== undefined || !(error instanceof PromfedError) || error.code !== 'bad_data')
            return false;
        }
      }
      return true;
    }),
    { numRuns: 3000 },
  );
});

t.test('edge cases of anchoring, alternatives, wildcards and escapes match as in Prometheus', async (t) => {
  const cases: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    ['', [''], ['a']],
    ['foo', ['foo'], ['', 'Foo', 'foo\n', 'xfoo']],
    ['foo.*', ['foo', 'foo\nbar', 'fooo'], ['fo', 'xfoo']],
    ['foo.+', ['foo1', 'foo\n'], ['foo']],
    ['.*foo', ['foo', 'a\nfoo'], ['foo1']],
    ['.+foo', ['1foo', '😀foo'], ['foo']],
    ['.*foo.*', ['foo', 'afoob'], ['fo']],
    ['.+foo.+', ['afoob', 'foofoofoo', 'xfoofoo'], ['foo', 'afoo', 'foob', 'foofoo']],
    ['.+.+', ['ab', '😀a'], ['a', '😀', '']],
    ['foo|bar|baz.*', ['foo', 'bar', 'baz', 'bazz'], ['foobar', 'fo', 'barx']],
    ['a|', ['a', ''], ['b']],
    ['a\\|b', ['a|b'], ['a', 'b']],
    ['\\\\|a', ['\\', 'a'], ['\\|a']],
    ['a\\_b', ['a_b'], ['a\\_b']],
    ['10\\.0\\.0\\.1:80.*', ['10.0.0.1:8080'], ['10a0.0.1:80']],
    ['(a|b)c', ['ac', 'bc'], ['a', 'c', 'abc']],
    ['(?i)foo', ['FOO', 'fOo'], ['fo']],
    ['(?i)k', ['K', 'k', '\u212a'], []],
    ['^a|b$', ['a', 'b'], ['ab']],
    ['a$|^$', ['a', ''], ['b']],
    ['.', ['\n', '😀', 'é'], ['', 'ab']],
    ['(?-s:.)', ['a'], ['\n']],
    ['\\x{1F600}', ['😀'], ['a']],
  ];
  for (const [pattern, yes, no] of cases) {
    for (const value of yes) t.ok(matches(pattern, value), `${pattern} matches ${JSON.stringify(value)}`);
    for (const value of no)
      t.notOk(matches(pattern, value), `${pattern} does not match ${JSON.stringify(value)}`);
  }
});

t.test("an invalid pattern is rejected with Go's text", async (t) => {
  const cases: readonly (readonly [pattern: string, reason: string])[] = [
    ['(', 'missing closing ): `(`'],
    ['a)', 'unexpected ): `a)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['a\\', 'trailing backslash at end of expression: ``'],
    ['.**', 'invalid nested repetition operator: `**`'],
    ['.*+', 'invalid nested repetition operator: `*+`'],
    ['*', 'missing argument to repetition operator: `*`'],
    ['a|*', 'missing argument to repetition operator: `*`'],
    ['\\C', 'invalid escape sequence: `\\C`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['((a{40}){40})', 'invalid repeat count: `{40}`'],
    ['(a{1000}){1000}', 'invalid repeat count: `{1000}`'],
    ['((a{50}|b){20}c){30}|(a{1000}){1000}', 'invalid repeat count: `{30}`'],
    [
      `${'('.repeat(1001)}${')'.repeat(1001)}`,
      `expression nests too deeply: \`${'('.repeat(1001)}${')'.repeat(1001)}\``,
    ],
    [
      `${'('.repeat(999)}${')'.repeat(999)}`,
      `expression nests too deeply: \`^(?s:${'('.repeat(999)}${')'.repeat(999)})$\``,
    ],
  ];
  for (const [pattern, reason] of cases) {
    t.throws(() => matches(pattern, 'a'), { code: 'bad_data', message: `error parsing regexp: ${reason}` });
  }
});

// A backtracking engine would take exponential or polynomial time for each of these.
t.test('patterns made for catastrophic backtracking take linear time', async (t) => {
  const long = 'a'.repeat(20_000);
  for (const pattern of [
    '(a*)*b',
    '(a|aa)+b',
    '(a|a)*b',
    '(.*)(.*)(.*)(.*)(.*)[xy]',
    '.*a.*a.*a.*a.*a.*x',
    '(a?){12}b',
    '.*.*.*=.*',
    '(?i)(x+x+)+y',
  ]) {
    t.equal(matches(pattern, long), false, pattern);
  }
  t.equal(matches(`${'x.*|'.repeat(100_000)}y`, 'y'), true, 'a long alternation');
  t.equal(
    matches(`(${'host-1\\.example:9100|'.repeat(50_000)}x)(:.*|)`, 'x:y'),
    true,
    'a long alternation in a group',
  );
  t.equal(matches(`(${'a|'.repeat(1000)})${'()'.repeat(1000)}`, 'b'), false, 'empty groups');
  t.equal(matches('(a|b)'.repeat(500), 'ab'.repeat(250)), true, 'a long pattern');
});

t.test('a quoted text matches only itself', async (t) => {
  const texts = fc.string({ unit: fc.constantFrom(...'\\.+*?()|[]{}^$-aé😀\n'.split('')) });
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      t.equal(matches(quotePattern(text), text), true, text);
      t.equal(matches(quotePattern(text), other), other === text, text);
    }),
    { numRuns: 300 },
  );
});
