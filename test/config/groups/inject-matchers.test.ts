// `inject_matchers`: their syntax, and the errors.

import t from 'tap';

import { parseConfig } from '../../../src/config/index.js';
import { ConfigError } from '../../../src/config/config-error.js';

function parse(texts: readonly unknown[], labels = {}): ReturnType<typeof parseConfig> {
  const group = { static_configs: [{ targets: ['a'] }], labels, inject_matchers: texts };
  return parseConfig(JSON.stringify({ promxy: { server_groups: [group] } }), 'c.yaml');
}

function errorOf(text: unknown): string {
  try {
    parse([text]);
    return 'accepted';
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error);
  }
}

t.test('matchers have the syntax of PromQL', async (t) => {
  type Expected = [name: string, op: string, value: string];
  const cases: { name: string; text: string; expected: Expected[] }[] = [
    { name: 'one matcher', text: 'cluster="A"', expected: [['cluster', '=', 'A']] },
    { name: 'spaces and single quotes', text: " region =~ 'us-.*' ", expected: [['region', '=~', 'us-.*']] },
    {
      name: 'several matchers and a raw string',
      text: 'a!="1",b!~`x\\d`',
      expected: [
        ['a', '!=', '1'],
        ['b', '!~', 'x\\d'],
      ],
    },
    {
      name: 'the same label twice',
      text: 'a!="1",a!="2"',
      expected: [
        ['a', '!=', '1'],
        ['a', '!=', '2'],
      ],
    },
    { name: 'a quoted label name', text: '"odd.name"="ü"', expected: [['odd.name', '=', 'ü']] },
    { name: 'an empty value', text: 'a=""', expected: [['a', '=', '']] },
    { name: 'a keyword as label name', text: 'on="x"', expected: [['on', '=', 'x']] },
    {
      name: 'escapes',
      text: String.raw`a="\"\\\n\x41\u00e9\U0001F600\101"`,
      expected: [['a', '=', '"\\\nAé😀A']],
    },
    {
      name: 'the bytes of a character',
      text: String.raw`a="\xc3\xa9\303\251"`,
      expected: [['a', '=', 'éé']],
    },
    {
      name: 'the name of the metric',
      text: '__name__=~"up|down"',
      expected: [['__name__', '=~', 'up|down']],
    },
    {
      name: 'a quoted metric name',
      text: '"node.cpu", a="b"',
      expected: [
        ['__name__', '=', 'node.cpu'],
        ['a', '=', 'b'],
      ],
    },
    { name: 'a trailing comma', text: 'a="b",', expected: [['a', '=', 'b']] },
    { name: 'a comment', text: 'a="b" # only b', expected: [['a', '=', 'b']] },
  ];
  for (const { name, text, expected } of cases) {
    const [group] = parse([text]).settings.serverGroups;
    const matchers = group?.injectMatchers?.map(({ name, op, value }) => [name, op, value]);
    t.same(matchers, expected, name);
  }
  t.equal(parse([]).settings.serverGroups[0]?.injectMatchers, undefined);
});

t.test('invalid matchers are reported with their position in the file and in the text', async (t) => {
  const cases: { text: unknown; error: string }[] = [
    { text: '{cluster="A"}', error: "1:1: parse error: unexpected left brace '{'" },
    { text: 'cluster="A"}', error: "1:12: parse error: unexpected right brace '}'" },
    {
      text: 'cluster',
      error: '1:8: parse error: unexpected end of input in label matching, expected label matching operator',
    },
    {
      text: 'cluster=A',
      error: '1:9: parse error: unexpected identifier "A" in label matching, expected string',
    },
    {
      text: 'a="b" job="c"',
      error: '1:7: parse error: unexpected identifier "job" in label matching, expected "," or end of input',
    },
    {
      text: 'a="b",,',
      error: '1:7: parse error: unexpected "," in label matching, expected identifier or end of input',
    },
    { text: '', error: 'must contain at least one matcher' },
    { text: '# nothing', error: 'must contain at least one matcher' },
    { text: '""="x"', error: 'label name must not be empty' },
    { text: 'a="b', error: '1:3: parse error: unterminated quoted string' },
    { text: 'a=`b', error: '1:3: parse error: unterminated raw string' },
    { text: String.raw`a="\q"`, error: "1:3: parse error: unknown escape sequence U+0071 'q'" },
    { text: String.raw`a='\"'`, error: "1:3: parse error: unknown escape sequence U+0022 '\"'" },
    {
      text: String.raw`a="\ud800"`,
      error: '1:3: parse error: escape sequence is an invalid Unicode code point',
    },
    {
      text: String.raw`a="\xff"`,
      error: String.raw`1:3: parse error: string "\"\\xff\"" is not valid UTF-8`,
    },
    {
      text: 'a\u00a0="b"',
      error: String.raw`1:2: parse error: unexpected character inside braces: '\u00a0'`,
    },
  ];
  for (const { text, error } of cases) {
    const expected = `promxy.server_groups[0].inject_matchers[0]: invalid matchers ${JSON.stringify(text)}: ${error}`;
    t.match(errorOf(text), /^c\.yaml:1:\d+: /, 'position in the file');
    t.equal(errorOf(text).replace(/^c\.yaml:1:\d+: /, ''), expected);
  }
  t.match(
    errorOf('a=~"("'),
    /invalid matchers .*: 1:1: parse error: error parsing regexp: missing closing \)/,
  );
});

t.test('a number is parsed as the text of a matcher', async (t) => {
  t.match(errorOf(5), /invalid matchers "5": 1:1: parse error: unexpected character inside braces: '5'/);
});

t.test('groups with different injected values do not overlap', async (t) => {
  const warningsOf = (...injected: string[][]): readonly string[] => {
    const groups = injected.map((inject_matchers) => ({
      static_configs: [{ targets: ['a'] }],
      inject_matchers,
    }));
    return parseConfig(JSON.stringify({ promxy: { server_groups: groups } }), 'c.yaml').warnings;
  };
  t.same(warningsOf(['cluster="A"'], ['cluster="B"']), []);
  t.match(warningsOf(['cluster="A"'], ['cluster=~"B"']), [/cannot be distinguished/]);
  t.match(warningsOf(['cluster="A"'], ['cluster="A"']), [/cannot be distinguished/]);
});
