// Patterns of file names. Source of the cases: the documented syntax of Go's filepath.Match.

import t from 'tap';

import { isFilePattern, isPattern, tryFilePattern } from '../../../src/config/text/file-pattern.js';

t.test('a pattern matches whole names', async (t) => {
  const cases: [pattern: string, name: string, expected: boolean][] = [
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['*', '', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['a*b*c', 'axbybxc', true],
    ['a*b*c', 'axbybx', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['*.yaml', '..data', false],
    ['*.yaml', '.hidden.yaml', true],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', '-', true],
    ['[\\-x]', 'z', false],
    ['[+-.]', '-', true],
    ['**', 'a', true],
    ['{a,b}', 'a', false],
  ];
  for (const [pattern, name, expected] of cases) {
    t.equal(tryFilePattern(pattern)?.(name), expected, `${pattern} ${name}`);
  }
});

t.test('a pattern with a syntax error is rejected', async (t) => {
  for (const pattern of [
    '[]a]',
    '[-]',
    '[x-]',
    '[-x]',
    '[',
    '[^',
    '[^bc',
    'a[',
    'a\\',
    '[a-b-c]',
    'ab[c',
    '[\\',
  ]) {
    t.equal(tryFilePattern(pattern), undefined, pattern);
    t.equal(isFilePattern(pattern), false, pattern);
  }
});

t.test('special characters make a path a pattern', async (t) => {
  for (const path of ['a*', 'a?', 'a[b]', 'a\\b']) t.ok(isPattern(path), path);
  t.notOk(isPattern('/a/b-c.{x}.yaml'));
});

t.test('many stars take polynomial time only', async (t) => {
  t.equal(tryFilePattern(`${'*a'.repeat(100)}b`)?.('a'.repeat(250)), false);
});
