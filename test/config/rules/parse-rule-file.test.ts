// One rule file: settings, problems and warnings.

import t from 'tap';

import { printProblem } from '../../../src/config/config-error.js';
import { checkTemplate } from '../../../src/config/rules/check-template.js';
import {
  type ParsedRuleFile,
  parseRuleFile,
  type RuleDefaults,
} from '../../../src/config/rules/parse-rule-file.js';

const DEFAULTS: RuleDefaults = { intervalMs: 60_000, queryOffsetMs: 0, partialResponse: undefined };

const parse = (text: string, defaults = DEFAULTS): ParsedRuleFile =>
  parseRuleFile(text, 'r.yaml', defaults, { features: new Set(), checkTemplate });

/** The problems without the file name. */
const problemsOf = (text: string): string[] =>
  parse(text).problems.map((problem) => printProblem('', problem).replace(/^r\.yaml:/, ''));

t.test('every key of a group and a rule becomes a setting', async (t) => {
  const { groups, problems, warnings } = parse(`
groups:
  - name: a
    interval: 30s
    query_offset: 1m
    limit: 10
    partial_response_strategy: WARN
    labels: {team: x, severity: low}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {severity: high, empty: ""}
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1h30m
        labels: {severity: "{{ $value }}"}
        annotations: {summary: 'down: {{ $labels.job }}', 123: 456}
  - name: b
`);
  t.same([...problems, ...warnings], []);
  t.strictSame(groups, [
    {
      name: 'a',
      file: 'r.yaml',
      intervalMs: 30_000,
      limit: 10,
      queryOffsetMs: 60_000,
      partialResponse: 'warn',
      rules: [
        {
          kind: 'recording',
          name: 'job:up:sum',
          expr: 'sum by (job) (up)',
          labels: [
            ['empty', ''],
            ['severity', 'high'],
            ['team', 'x'],
          ],
        },
        {
          kind: 'alerting',
          name: 'Down',
          expr: 'up == 0',
          forMs: 300_000,
          keepFiringForMs: 5_400_000,
          labels: [
            ['severity', '{{ $value }}'],
            ['team', 'x'],
          ],
          annotations: [
            ['123', '456'],
            ['summary', 'down: {{ $labels.job }}'],
          ],
        },
      ],
    },
    {
      name: 'b',
      file: 'r.yaml',
      intervalMs: 60_000,
      limit: 0,
      queryOffsetMs: 0,
      partialResponse: undefined,
      rules: [],
    },
  ]);
});

t.test('a group takes missing keys from the configuration', async (t) => {
  const defaults: RuleDefaults = { intervalMs: 5000, queryOffsetMs: 7000, partialResponse: 'hold' };
  const { groups } = parse(
    'groups: [{name: a}, {name: b, interval: 0s, query_offset: 0s, partial_response_strategy: abort}]',
    defaults,
  );
  t.match(groups, [
    { intervalMs: 5000, queryOffsetMs: 7000, partialResponse: 'hold' },
    { intervalMs: 5000, queryOffsetMs: 0, partialResponse: 'abort' },
  ]);
});

t.test('unusual files are valid', async (t) => {
  const cases: { name: string; yaml: string; exprs: string[] }[] = [
    { name: 'an empty file', yaml: '', exprs: [] },
    { name: 'a file without groups', yaml: 'groups:', exprs: [] },
    {
      name: 'anchors and merge keys',
      yaml: `
groups:
- name: a
  rules:
  - &base {alert: A, expr: &expr "up == 0", for: &for 5m}
  - <<: *base
    alert: B
  - {alert: C, expr: *expr, for: *for}
`,
      exprs: ['up == 0', 'up == 0', 'up == 0'],
    },
    {
      name: 'a leading newline and comments in an expression',
      yaml: 'groups:\n- name: a\n  rules:\n  - alert: A\n    expr: |\n\n      # why\n      up == 0\n    for: 0\n',
      exprs: ['\n# why\nup == 0\n'],
    },
    {
      name: 'UTF-8 names',
      yaml: 'groups: [{name: grüße, rules: [{record: "größe.名", expr: \'{"größe.名", "a.b"="c"}\', labels: {"x.y": z}}]}]',
      exprs: ['{"größe.名", "a.b"="c"}'],
    },
    {
      name: 'durations of 0 on a recording rule',
      yaml: 'groups: [{name: a, rules: [{record: b, expr: "1", for: 0s, keep_firing_for: 0, annotations: {}}]}]',
      exprs: ['1'],
    },
  ];
  for (const { name, yaml, exprs } of cases) {
    const { groups, problems } = parse(yaml);
    t.same(problems, [], name);
    t.same(
      groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
      exprs,
      name,
    );
  }
});

const rule = (keys: string): string => `groups: [{name: g, rules: [{${keys}}]}]`;

t.test('every problem is reported with its position', async (t) => {
  const cases: { name: string; yaml: string; expected: string[] }[] = [
    {
      name: 'unknown keys',
      yaml: 'group: []\ngroups:\n- name: g\n  intervall: 5s\n  rules:\n  - alert: A\n    expr: up\n    annotation: {}',
      expected: [
        '1:1: unknown key "group"; did you mean "groups"?',
        '4:3: groups[0]: unknown key "intervall"; did you mean "interval"?',
        '8:5: groups[0].rules[0]: unknown key "annotation"; did you mean "annotations"?',
      ],
    },
    {
      name: 'wrong types',
      yaml: 'groups:\n- name: [a]\n  limit: x\n  rules: {}\n- 5',
      expected: [
        '2:9: groups[0].name: must be a string; got a list',
        '3:10: groups[0].limit: must be a whole number; got a string',
        '4:10: groups[0].rules: must be a list; got a mapping',
        '5:3: groups[1]: must be a mapping; got a number',
      ],
    },
    {
      name: 'names of groups',
      yaml: 'groups:\n- name: a\n- name: b\n- name: a\n- rules: []\n- name: ""',
      expected: [
        '4:3: groupname: "a" is repeated in the same file',
        '5:3: Groupname must not be empty',
        '6:3: Groupname must not be empty',
      ],
    },
    {
      name: 'neither a record nor an alert',
      yaml: rule('expr: up'),
      expected: ['1:28: group "g", rule 1, "": one of \'record\' or \'alert\' must be set'],
    },
    {
      name: 'both a record and an alert',
      yaml: rule('record: a, alert: b, expr: up'),
      expected: ['1:29: group "g", rule 1, "b": only one of \'record\' and \'alert\' must be set'],
    },
    {
      name: 'no expression',
      yaml: rule('alert: b'),
      expected: ['1:28: group "g", rule 1, "b": field \'expr\' must be set in rule'],
    },
    {
      name: 'keys of alerts on a recording rule',
      yaml: rule('record: r, expr: up, for: 1m, keep_firing_for: 1s, annotations: {a: b}'),
      expected: [
        '1:80: group "g", rule 1, "r": invalid field \'annotations\' in recording rule',
        '1:50: group "g", rule 1, "r": invalid field \'for\' in recording rule',
        '1:59: group "g", rule 1, "r": invalid field \'keep_firing_for\' in recording rule',
      ],
    },
    {
      name: 'an expression as the name of a recording rule',
      yaml: rule('record: "up{a=1}", expr: up'),
      expected: [
        '1:29: group "g", rule 1, "up{a=1}": braces present in the recording rule name; should it be in expr?: up{a=1}',
      ],
    },
    {
      name: 'names of labels and annotations',
      yaml: rule('alert: a, expr: up, labels: {__name__: x, "": y}, annotations: {"": z}'),
      expected: [
        '1:58: groups[0].rules[0].labels: label "__name__" must not be set: it is the name of the metric',
        '1:71: groups[0].rules[0].labels: label name must not be empty',
        '1:93: groups[0].rules[0].annotations: label name must not be empty',
      ],
    },
    {
      name: 'durations and strategies',
      yaml: 'groups:\n- {name: a, interval: 5, query_offset: -1m, partial_response_strategy: ignore}',
      expected: [
        '2:23: groups[0].interval: missing unit in duration "5"; write 5s for seconds',
        '2:40: groups[0].query_offset: duration must not be negative',
        '2:72: groups[0].partial_response_strategy: must be one of abort, warn, hold; got "ignore"',
      ],
    },
    {
      name: 'expressions, with the position within the text',
      yaml:
        'groups:\n- name: g\n  rules:\n  - alert: a\n    expr: |\n      sum(\n        foo(up)\n      )\n' +
        '  - alert: b\n    expr: "up ==\\n  \\"x\\" +"\n  - alert: c\n    expr: ä{b="c"} and\n     ) up\n',
      expected: [
        '7:9: group "g", rule 1, "a": could not parse expression: parse error: unknown function with name "foo"',
        '10:28: group "g", rule 2, "b": could not parse expression: parse error: unexpected end of input',
        '12:11: group "g", rule 3, "c": could not parse expression: parse error: unexpected character: \'ä\'',
      ],
    },
    {
      name: 'an experimental function that is not enabled',
      yaml: rule('record: r, expr: "mad_over_time(x[5m])"'),
      expected: [
        '1:47: group "g", rule 1, "r": could not parse expression: parse error: function "mad_over_time" is not enabled',
      ],
    },
    {
      name: 'templates',
      yaml:
        'groups:\n- name: g\n  labels: {l: "{{ $labels.a"}\n  rules:\n  - alert: a\n    expr: up\n    labels:\n      m: "{{ foo }}"\n' +
        '    annotations:\n      n: "{{ end }}"\n  - record: b\n    expr: up\n    labels: {x: "{{ not a template"}',
      expected: [
        '3:15: group "g", rule 1, "a": label "l": template: __alert_a:1: unclosed action',
        '8:10: group "g", rule 1, "a": label "m": template: __alert_a:1: function "foo" not defined',
        '10:10: group "g", rule 1, "a": annotation "n": template: __alert_a:1: unexpected {{end}}',
      ],
    },
    {
      name: 'invalid YAML',
      yaml: 'groups:\n- name: "a\n',
      expected: [
        '3:1: invalid YAML: missing character; check closing quotes and brackets, commas, and spaces after colons',
      ],
    },
    {
      name: 'a file that is not a mapping',
      yaml: '5',
      expected: ['1:1: the file must be a mapping; got a number'],
    },
    {
      name: 'duplicate keys',
      yaml: 'groups: []\ngroups: []',
      expected: ['2:1: duplicate key "groups"; first defined on line 1'],
    },
  ];
  for (const { name, yaml, expected } of cases) t.same(problemsOf(yaml), expected, name);
});

t.test('a rule with the name and labels of an earlier one is a warning', async (t) => {
  const { duplicates, problems } = parse(`groups:
- name: a
  labels: {x: "1"}
  rules:
  - {record: r, expr: "1"}
  - {record: r, expr: "2", labels: {x: "2"}}
- name: b
  rules:
  - {record: r, expr: "3", labels: {x: "1"}}
  - {alert: A, expr: "1"}
  - {alert: A, expr: "2"}
`);
  t.same(problems, []);
  t.same(
    duplicates.map((warning) => printProblem('', warning)),
    [
      'r.yaml:9:5: duplicate rule "r" with labels {x="1"}: the rule on line 5 has the same name and labels',
      'r.yaml:11:5: duplicate rule "A": the rule on line 10 has the same name and labels',
    ],
  );
});

t.test('only the first document is read, with a warning', async (t) => {
  const { groups, problems, warnings } = parse('groups: [{name: a}]\n---\ngroups: [');
  t.equal(groups.length, 1);
  t.same(problems, []);
  t.match(warnings, [{ position: { line: 2 }, text: 'only the first document of a rule file is read' }]);
});

t.test('a large file is parsed in bounded time', async (t) => {
  const rules = Array.from({ length: 5000 }, (_, i) => `  - {alert: A${i}, expr: "up == ${i}"}\n`).join('');
  const { groups, problems } = parse(`groups:\n- name: a\n  rules:\n${rules}`);
  t.same(problems, []);
  t.equal(groups[0]!.rules.length, 5000);
  const long = `${'up + '.repeat(100_000)}up`;
  t.same(parse(rule(`alert: a, expr: "${long}", annotations: {a: "${'x'.repeat(200_000)}"}`)).problems, []);
});
