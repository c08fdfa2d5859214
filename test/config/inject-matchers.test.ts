// `inject_matchers`: what they mean, and what is refused.

import t from 'tap';

import { ConfigError, parseConfig } from '../../src/config/index.js';

function parse(texts: readonly unknown[], labels = {}): ReturnType<typeof parseConfig> {
  const group = { static_configs: [{ targets: ['a'] }], labels, inject_matchers: texts };
  return parseConfig(JSON.stringify({ promxy: { server_groups: [group] } }), 'c.yaml');
}

function problemOf(text: unknown): string {
  try {
    parse([text]);
    return 'none';
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error);
  }
}

t.test('matchers are read as PromQL reads them', async (t) => {
  const cases: [text: string, ...expected: [name: string, op: string, value: string][]][] = [
    ['cluster="A"', ['cluster', '=', 'A']],
    [" region =~ 'us-.*' ", ['region', '=~', 'us-.*']],
    ['a!="1",b!~`x\\d`', ['a', '!=', '1'], ['b', '!~', 'x\\d']],
    ['"odd.name"="ü"', ['odd.name', '=', 'ü']],
    ['a=""', ['a', '=', '']],
    [String.raw`a="\"\\\n\x41\u00e9\U0001F600\101"`, ['a', '=', '"\\\nAé😀A']],
    ['__name__=~"up|down"', ['__name__', '=~', 'up|down']],
  ];
  for (const [text, ...expected] of cases) {
    const [group] = parse([text]).settings.serverGroups;
    t.same(
      group?.injectMatchers?.map(({ name, op, value }) => [name, op, value]),
      expected,
      text,
    );
  }
  t.equal(parse([]).settings.serverGroups[0]?.injectMatchers, undefined);
});

t.test('what is no matcher is an error with its place', async (t) => {
  const cases: [text: unknown, error: RegExp][] = [
    ['{cluster="A"}', /a label name expected before "\{cluster/],
    ['cluster', /one of = != =~ !~ expected before the end/],
    ['cluster=A', /a text in quotes expected before "A"/],
    ['cluster="A" job="b"', /a comma expected before "job/],
    ['cluster="A",', /a label name expected before the end/],
    ['', /a label name expected before the end/],
    ['""="x"', /a label name must not be empty/],
    ['a=~"("', /missing closing \)|\(/],
    [String.raw`a="\q"`, /an escape that stands for no character/],
    [String.raw`a="\ud800"`, /an escape that stands for no character/],
    [String.raw`a="\xff"`, /an escape that stands for no character/],
    [5, /must be a string|matchers/],
  ];
  for (const [text, error] of cases) {
    t.match(problemOf(text), error, String(text));
    t.match(problemOf(text), /^c\.yaml:1:\d+: /, 'with its place');
  }
});

t.test('groups that injected values tell apart are no reason for a warning', async (t) => {
  const warningsOf = (...injected: string[][]): readonly string[] => {
    const groups = injected.map((inject_matchers) => ({
      static_configs: [{ targets: ['a'] }],
      inject_matchers,
    }));
    return parseConfig(JSON.stringify({ promxy: { server_groups: groups } }), 'c.yaml').warnings;
  };
  t.same(warningsOf(['cluster="A"'], ['cluster="B"']), []);
  t.match(warningsOf(['cluster="A"'], ['cluster=~"B"']), [/cannot be told apart/]);
  t.match(warningsOf(['cluster="A"'], ['cluster="A"']), [/cannot be told apart/]);
});
