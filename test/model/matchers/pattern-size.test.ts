// Sizes of patterns from their syntax alone: never below those of the engine's programs, and bounded in time.

import fc from 'fast-check';
import { RE2JS } from 're2js';
import t from 'tap';

import { compileMatcher, compilePattern, ExpandingPattern } from '../../../src/model/index.js';
import { measurePattern } from '../../../src/model/matchers/pattern-size.js';

const PIECES = [
  'a',
  'b',
  '.',
  '.*',
  '.+',
  '|',
  '(',
  ')',
  '(?:',
  '(?i)',
  '(?i:',
  '(?P<n>',
  '(?-s:',
  '\\.',
  '\\d',
  '\\bfoo',
  '\\B',
  '\\A',
  '\\z',
  '^',
  '$',
  '[ab]',
  '[^]a]',
  '[[:alpha:]-z]',
  '[a\\]b]',
  '[^\\pL\\d]',
  '\\pL',
  '\\p{Greek}',
  '\\x{1F600}',
  '\\x41',
  '\\123',
  '\\Qa|b*\\E',
  'x{2}',
  'y{3,}',
  'z{0,4}',
  '{',
  '{1',
  '{2}',
  '{0}',
  '*',
  '+',
  '?',
  '*?',
  'é',
  '😀',
  '-',
  '\n',
];
const pattern = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''));

function tryCompile(text: string): RE2JS | undefined {
  try {
    return RE2JS.compile(text, RE2JS.DOTALL);
  } catch {
    return undefined;
  }
}

t.test('a pattern is never measured as smaller than its program, nor as much larger', async (t) => {
  fc.assert(
    fc.property(pattern, (text) => {
      const compiled = tryCompile(text);
      fc.pre(compiled !== undefined);
      const actual = (compiled.re2() as { numberOfInstructions(): number }).numberOfInstructions();
      const { instructions } = measurePattern(text);
      t.ok(instructions + 2 >= actual, `${text}: ${instructions} for ${actual}`);
      t.ok(instructions <= 4 * actual + 200, `${text}: ${instructions} for ${actual}`);
    }),
    { numRuns: 3000 },
  );
});

t.test('an anchored pattern is known to match the empty text without being compiled', async (t) => {
  fc.assert(
    fc.property(pattern, (text) => {
      const compiled = tryCompile(text);
      fc.pre(compiled !== undefined);
      t.equal(measurePattern(text).matchesEmpty, compiled.testExact(''), text);
    }),
    { numRuns: 3000 },
  );
});

const LARGE: readonly (readonly [name: string, pattern: string])[] = [
  ['repeated literals', 'x{1000}'.repeat(280)],
  ['nested repetitions', '((x{10}){10}y){10}'.repeat(40)],
  ['optional copies', '(x{0,1000})(y{0,1000})'.repeat(20)],
  ['Unicode classes', '\\pL'.repeat(3100)],
  ['negated Unicode classes', '[^\\pL\\pN]'.repeat(1600)],
  ['classes that ignore case', `(?i)${'[a-\\x{1e000}]'.repeat(40)}`],
  ['alternatives that need the engine', `(?i)${'abc|'.repeat(9000)}`],
  ['groups of repetitions', '(a*)'.repeat(12_000)],
];

for (const [name, large] of LARGE) {
  t.test(`a pattern that is too large is rejected before it is compiled: ${name}`, async (t) => {
    const error = {
      code: 'limit',
      message: /^regular expression too large: it compiles to about \d+ instructions; the limit is /,
    };
    t.throws(() => compileMatcher({ name: 'a', op: '=~', value: large }), error);
    t.throws(() => new ExpandingPattern(large), error);
    t.throws(() => compilePattern(large), error);
  });
}

t.test(
  'a large pattern can be forwarded and compared with the empty text, but is not matched here',
  async (t) => {
    const matches = compileMatcher({ name: 'a', op: '=~', value: `${'x{1000}'.repeat(20)}|` });
    t.equal(matches(''), true);
    t.throws(() => matches('x'), {
      code: 'limit',
      message: /the limit is 10000 for expressions that are not only sent/,
    });
  },
);

t.test('a match that would take too long is rejected, whatever runs it', async (t) => {
  const value = 'ab'.repeat(200_000);
  const error = {
    code: 'limit',
    message: /^regular expression not matched: its about \d+ instructions times the 400000 characters/,
  };
  const text = '(a|b)*a(a|b){12}';
  t.throws(() => compileMatcher({ name: 'a', op: '=~', value: text })(value), error);
  t.throws(() => new ExpandingPattern(text).tryMatch(value), error);
});

t.test('a long value is matched by patterns that need no engine', async (t) => {
  const value = 'ab'.repeat(200_000);
  for (const text of ['.*ab', 'ab.+', '.*bab.*', '.*', '(?:x|ab.*)', '(ab|cd)(.*)', '(x|(a|b)b)a.*']) {
    t.equal(compileMatcher({ name: 'a', op: '=~', value: text })(value), true, text);
  }
  t.equal(new ExpandingPattern('(.*)').tryMatch(value)?.(ExpandingPattern.parse('$1')), value);
});
