// The position in a file of a character of a string.

import t from 'tap';

import { decode, type Decoded } from '../../../src/config/file/decode.js';
import { parseYaml } from '../../../src/config/file/yaml-document.js';

const decodeText = (yaml: string): Decoded =>
  decode(parseYaml(yaml, 'x.yaml'), { type: 'object', additionalProperties: { type: 'string' } });

/** Source text from the position of `needle`, which must be in the value of the key `a`. */
function sourceAt(yaml: string, needle: string): string {
  const decoded = decodeText(yaml);
  const value = (decoded.value as { a: string }).a;
  const offset = value.indexOf(needle);
  t.not(offset, -1, `${needle} is in ${JSON.stringify(value)}`);
  const { line, column } = decoded.positionInText(['a'], offset);
  return yaml.split('\n')[line - 1]!.slice(column - 1);
}

t.test('a character is found in every style of string', async (t) => {
  const cases: { name: string; yaml: string; needle: string; expected: string }[] = [
    { name: 'plain', yaml: 'a: foo +  bar', needle: 'bar', expected: 'bar' },
    { name: 'plain on several lines', yaml: 'a: foo\n   +\n\n   bar', needle: 'bar', expected: 'bar' },
    { name: 'single quotes', yaml: "a: 'foo''s ''bar'''", needle: 'bar', expected: "bar'''" },
    { name: 'double quotes', yaml: 'a: "foo \\"x\\\\\\n\\t bar"', needle: 'bar', expected: 'bar"' },
    {
      name: 'double quotes with codes',
      yaml: 'a: "\\x41\\u00e4\\U0001F642 bar"',
      needle: 'bar',
      expected: 'bar"',
    },
    {
      name: 'double quotes with a line break',
      yaml: 'a: "foo\\\n   b\n  bar"',
      needle: 'bar',
      expected: 'bar"',
    },
    { name: 'literal block', yaml: 'a: |\n  foo\n\n    x bar\n', needle: 'bar', expected: 'bar' },
    {
      name: 'literal block with a header',
      yaml: 'a: |2- # why\n  foo\n  bar',
      needle: 'bar',
      expected: 'bar',
    },
    { name: 'folded block', yaml: 'a: >\n  foo\n  x\n\n  bar\n', needle: 'bar', expected: 'bar' },
    {
      name: 'behind a character of two UTF-16 units',
      yaml: 'a: "🙂🙂 bar"',
      needle: 'bar',
      expected: 'bar"',
    },
    { name: 'in an alias', yaml: 'x: &x foo bar\na: *x', needle: 'bar', expected: 'bar' },
    { name: 'the first character of a block', yaml: 'a: |-\n   bar', needle: 'bar', expected: 'bar' },
  ];
  for (const { name, yaml, needle, expected } of cases) t.equal(sourceAt(yaml, needle), expected, name);
});

t.test('the end of a value is behind its last character', async (t) => {
  const cases: { yaml: string; line: number; column: number }[] = [
    { yaml: 'a: foo', line: 1, column: 7 },
    { yaml: 'a: |\n  foo\n\n', line: 2, column: 6 },
    { yaml: 'a: "foo"', line: 1, column: 8 },
    { yaml: "a: 'foo'", line: 1, column: 8 },
  ];
  for (const { yaml, line, column } of cases) {
    t.same(decodeText(yaml).positionInText(['a'], 3), { line, column }, yaml);
  }
});
