import t from 'tap';

import { excerpt, printable } from '../../../src/upstreams/http/sanitize.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';

t.test('an excerpt is one short line', (t) => {
  const cases: { name: string; input: string; max?: number; expected: string }[] = [
    {
      name: 'white space and control characters',
      input: ' a\r\n\tb\u0000c\u001b[31m ',
      expected: 'a b c [31m',
    },
    { name: 'bidirectional overrides', input: 'abc\u202edef\u2028ghi', expected: 'abc def ghi' },
    { name: 'a page with a title', input: '<html><TITLE lang="x">Oh no</TITLE><p>more', expected: 'Oh no' },
    { name: 'a page without a title', input: '\n<p>Oh <b>no</b></p>', expected: 'Oh no' },
    { name: 'text with angle brackets is not a page', input: 'a < b > c', expected: 'a < b > c' },
    { name: 'an empty text', input: ' \n ', expected: '' },
    { name: 'a text that is too long', input: 'abcdef', max: 3, expected: 'abc…' },
    { name: 'a text at the limit', input: 'abc', max: 3, expected: 'abc' },
  ];
  for (const { name, input, max = 100, expected } of cases) t.equal(excerpt(input, max), expected, name);
  t.end();
});

t.test('an excerpt of a hostile page is fast', (t) => {
  const tookMs = cpuTimeMs(() => {
    for (const piece of ['<', '<title', '<a', ' ', '\n<', '<title>'])
      excerpt(`<${piece.repeat(64 * 1024)}`, 200);
  });
  t.ok(tookMs < 3000, `${tookMs} ms`);
  t.end();
});

t.test('printable text keeps its spaces', (t) => {
  t.equal(printable('a  b\nc\u0007', 100), 'a  b c');
  t.equal(printable('abcdef', 4), 'abcd…');
  t.end();
});
