// `promfed test rules` beside `promtool test rules`: the same files have the same verdicts and the same output.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';

import { checkRules, testRules } from '../../src/cli/index.js';
import { parseFlags } from '../../src/config/index.js';
import { systemClock } from '../../src/runtime/index.js';
import { curatedScenarios } from '../helpers/rules/promtool/curated-scenarios.js';
import { evaluateScenario } from '../helpers/rules/promtool/evaluate.js';
import {
  runPromtool,
  unitTestFiles,
  withFiles,
  type TestRulesResult,
} from '../helpers/rules/promtool/promtool.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';

interface Verdicts {
  readonly promfed: TestRulesResult;
  readonly promtool: TestRulesResult;
}

async function runPromfed(path: string, ...flags: readonly string[]): Promise<TestRulesResult> {
  let out = '';
  let err = '';
  const status = await testRules(parseFlags(['test', 'rules', ...flags, path], []).testRules!, {
    features: new Set(),
    clock: systemClock,
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { status, out, err };
}

function verdicts(files: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Verdicts> {
  return withFiles(files, async (directory) => {
    const path = join(directory, 'test.yaml');
    return {
      promfed: await runPromfed(path, ...flags),
      promtool: runPromtool('test', 'rules', ...flags, path),
    };
  });
}

const RULES = `
groups:
  - name: one
    labels: { team: ops }
    rules:
      - record: job:load:sum
        expr: sum by (job) (load)
      - alert: Down
        expr: up == 0
        for: 2m
        labels: { severity: page }
        annotations: { summary: '{{ $labels.instance }} is down, "{{ $value }}"' }
  - name: two
    rules:
      - { record: two:up, expr: 'job:load:sum * 2' }
      - { record: native, expr: 'sum(histogram)' }
      - { record: bounded, expr: 'bounded_input' }
      - { alert: High, expr: 'job:load:sum > 5', annotations: { empty: '', lines: "a\\nb" } }
`;

const SERIES = `
    input_series:
      - { series: 'up{job="a",instance="x:1"}', values: '1 0x5 1x4' }
      - { series: 'up{job="a",instance="y:1"}', values: '1x3 stale _x2 0x10' }
      - { series: 'load{job="a"}', values: '0+1x10' }
      - { series: 'load{job="b"}', values: '1.5 2.25-0.25x5 inf NaN -Inf' }
      - { series: 'histogram{job="a"}', values: '{{schema:1 sum:3 count:4 buckets:[1 2 1]}}x3 {{schema:1 sum:5 count:6 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 1] n_offset:2 n_buckets:[1]}}x8' }
      - { series: 'bounded_input', values: '{{schema:-53 sum:3 count:4 custom_values:[1 5] buckets:[1 2 1]}}x10' }
`;

function testFile(body: string, head = ''): string {
  return `rule_files: [rules.yaml]\ngroup_eval_order: [one, two]\n${head}\ntests:\n  - interval: 1m\n    name: first${SERIES}\n${body}`;
}

const DOWN = `exp_labels: { job: a, instance: 'x:1', severity: page, team: ops }, exp_annotations: { summary: 'x:1 is down, "0"' }`;

const cases: readonly { readonly name: string; readonly test: string; readonly succeeds: boolean }[] = [
  {
    name: 'alerts',
    test: testFile(`    alert_rule_test:
      - { eval_time: 3m, alertname: Down, exp_alerts: [{ ${DOWN} }] }
      - { eval_time: 2m30s, alertname: Down, exp_alerts: [] }
      - { eval_time: 3m59s, alertname: Down, exp_alerts: [{ ${DOWN} }] }
      - { eval_time: 4m, alertname: None }
      - { eval_time: 6m, alertname: High, exp_alerts: [{ exp_labels: { job: a, team: ops }, exp_annotations: { empty: '', lines: "a\\nb" } }] }`),
    succeeds: true,
  },
  {
    name: 'wrong alerts',
    test: testFile(`    alert_rule_test:
      - { eval_time: 3m, alertname: Down, exp_alerts: [] }
      - { eval_time: 1m, alertname: Down, exp_alerts: [{ ${DOWN} }, { exp_labels: { z: y } }] }
      - { eval_time: 3m, alertname: Down, exp_alerts: [{ exp_labels: { job: a, instance: 'x:1', severity: page }, exp_annotations: { summary: 'x:1 is down' } }] }
      - { eval_time: 8m, alertname: Down, exp_alerts: [{ exp_labels: { job: '', 'a.b': ü } }] }
      - { eval_time: 6m, alertname: High, exp_alerts: [{ exp_labels: { job: b } }, { exp_labels: { job: a } }] }`),
    succeeds: false,
  },
  {
    name: 'no alert name',
    test: testFile(`    alert_rule_test: [{ eval_time: 3m, exp_alerts: [] }]`),
    succeeds: false,
  },
  {
    name: 'expressions',
    test: testFile(`    promql_expr_test:
      - { expr: 'job:load:sum', eval_time: 4m, exp_samples: [{ labels: 'job:load:sum{team="ops",job="b"}', value: 1.5 }, { labels: 'job:load:sum{team="ops",job="a"}', value: 4 }] }
      - { expr: 'two:up{job="a"}', eval_time: 4m, exp_samples: [{ labels: 'two:up{team="ops",job="a"}', value: 8.0e+0 }] }
      - { expr: 'count(ALERTS)', eval_time: 3m, exp_samples: [{ labels: '{}', value: 1 }] }
      - { expr: 'count(up)', eval_time: 3m30s, exp_samples: [{ value: 0x2 }] }
      - { expr: '1 + 1', eval_time: 0s, exp_samples: [{ labels: '', value: 2 }] }
      - { expr: 'job:load:sum{job="b"}', eval_time: 7m, exp_samples: [{ labels: '{__name__="job:load:sum", job="b", team="ops"}', value: .inf }] }
      - { expr: 'nothing', eval_time: 5m }
      - { expr: 'native', eval_time: 2m, exp_samples: [{ labels: native, histogram: '{{schema:1 sum:3 count:4 buckets:[1 2 1] counter_reset_hint:not_reset}}' }] }
      - { expr: 'sum(histogram) * 2', eval_time: 5m, exp_samples: [{ labels: '{}', histogram: '{{schema:1 sum:10 count:12 z_bucket:2 z_bucket_w:0.001 buckets:[2 4 2] n_offset:2 n_buckets:[2] counter_reset_hint:not_reset}}' }] }
      - { expr: 'histogram', eval_time: 1m, exp_samples: [{ labels: 'histogram{job="a"}', histogram: '{{schema:1 sum:3 count:4 buckets:[1 2 1] counter_reset_hint:not_reset}}' }] }`),
    succeeds: true,
  },
  {
    name: 'wrong expressions',
    test: testFile(`    promql_expr_test:
      - { expr: 'job:load:sum', eval_time: 4m, exp_samples: [{ labels: 'job:load:sum{job="b"}', value: 1.5 }] }
      - { expr: 'two:up{job="a"}', eval_time: 4m, exp_samples: [] }
      - { expr: 'two:up{job="b"}', eval_time: 8m, exp_samples: [{ labels: 'two:up{team="ops",job="b"}', value: .nan }] }
      - { expr: 'nothing', eval_time: 90s, exp_samples: [{ labels: 'x', value: -1e-7 }] }
      - { expr: 'up[5m]', eval_time: 5m, exp_samples: [] }
      - { expr: '"text"', eval_time: 5m, exp_samples: [] }
      - { expr: 'up * on () up', eval_time: 5m, exp_samples: [] }
      - { expr: 'histogram', eval_time: 6m, exp_samples: [{ labels: 'histogram{job="a"}', histogram: '{{schema:1 sum:3 count:4 buckets:[1 2 1]}}' }] }
      - { expr: 'native', eval_time: 6m, exp_samples: [{ labels: native, value: 3 }] }
      - { expr: 'bounded', eval_time: 6m, exp_samples: [{ labels: bounded, value: 3 }] }
      - { expr: 'load / 3', eval_time: 5m, exp_samples: [] }
      - { expr: '1e21 * load', eval_time: 5m, exp_samples: [] }`),
    succeeds: false,
  },
  {
    name: 'fuzzy_compare',
    test: testFile(
      `    promql_expr_test:
      - { expr: 'vector(0.1 + 0.2)', eval_time: 1m, exp_samples: [{ labels: '{}', value: 0.3 }] }`,
      'fuzzy_compare: true',
    ),
    succeeds: true,
  },
  {
    name: 'no fuzzy_compare',
    test: testFile(`    promql_expr_test:
      - { expr: 'vector(0.1 + 0.2)', eval_time: 1m, exp_samples: [{ labels: '{}', value: 0.3 }] }`),
    succeeds: false,
  },
  {
    name: 'an evaluation interval that differs from the interval of the samples',
    test: testFile(
      `    promql_expr_test:
      - { expr: 'job:load:sum{job="a"}', eval_time: 5m, exp_samples: [{ labels: 'job:load:sum{team="ops",job="a"}', value: 4 }] }
      - { expr: 'max_over_time(load{job="a"}[4m:])', eval_time: 5m, exp_samples: [{ labels: '{job="a"}', value: 4 }] }`,
      'evaluation_interval: 4m',
    ),
    succeeds: true,
  },
  {
    name: 'external labels and URL, several tests',
    test: `rule_files: [external.yaml]
tests:
  - interval: 30s
    external_labels: { source: promxy }
    external_url: http://example:9090
    input_series: [{ series: 'x', values: '1x10' }]
    alert_rule_test:
      - { eval_time: 1m, alertname: X, exp_alerts: [{ exp_annotations: { a: 'promxy http://example:9090' } }] }
  - input_series: [{ series: 'x', values: '_ 1x10' }]
    name: second
    alert_rule_test:
      - { eval_time: 0m, alertname: X }
      - { eval_time: 1m, alertname: X, exp_alerts: [{ exp_annotations: { a: ' ' } }] }
  - name: third
    input_series: [{ series: 'x', values: '1x10' }]
    alert_rule_test:
      - { eval_time: 1m, alertname: X, exp_alerts: [] }
`,
    succeeds: false,
  },
  {
    name: 'a rule that fails',
    test: `rule_files: [failing.yaml]
evaluation_interval: 30s
tests:
  - interval: 1m
    input_series: [{ series: 'x{a="1"}', values: '_x5 1x10' }, { series: 'x{a="2"}', values: '1x10' }]
    promql_expr_test: [{ expr: x, eval_time: 1h2m30s, exp_samples: [] }]
`,
    succeeds: false,
  },
  { name: 'no tests', test: 'rule_files: [rules.yaml]\n', succeeds: true },
  { name: 'a pattern without a file', test: 'rule_files: [none-*.yaml]\ntests: []\n', succeeds: true },
];

const OTHER_RULES = {
  'rules.yaml': RULES,
  'external.yaml': `groups: [{ name: e, rules: [{ alert: X, expr: x == 1, annotations: { a: '{{ $externalLabels.source }} {{ $externalURL }}' } }] }]`,
  'failing.yaml': `groups: [{ name: f, rules: [{ record: y, expr: x, labels: { a: '' } }, { record: z, expr: 'x' }] }]`,
};

for (const { name, test, succeeds } of cases) {
  t.test(name, { skip: withoutRealServers() }, async (t) => {
    const { promfed, promtool } = await verdicts({ ...OTHER_RULES, 'test.yaml': test });
    t.strictSame(promfed, promtool);
    t.equal(promfed.status, succeeds ? 0 : 1, promfed.err);
  });
}

const invalid: readonly { readonly name: string; readonly test: string }[] = [
  { name: 'an unknown key', test: `tests: [{ intervall: 1m }]` },
  { name: 'invalid YAML', test: `tests: [` },
  { name: 'an invalid duration', test: `tests: [{ interval: 1x }]` },
  { name: 'an invalid series', test: `tests: [{ input_series: [{ series: 'x{', values: '1' }] }]` },
  { name: 'invalid samples', test: `tests: [{ input_series: [{ series: 'x', values: '1 y' }] }]` },
  { name: 'an invalid rule file', test: `rule_files: [broken.yaml]\ntests: [{ interval: 1m }]` },
  { name: 'a repeated group', test: `group_eval_order: [a, a]\ntests: [{ interval: 1m }]` },
  {
    name: 'invalid labels of a sample',
    test: `tests: [{ promql_expr_test: [{ expr: '1', eval_time: 0m, exp_samples: [{ labels: 'a{', value: 1 }] }] }]`,
  },
  {
    name: 'an invalid histogram',
    test: `tests: [{ promql_expr_test: [{ expr: '1', eval_time: 0m, exp_samples: [{ labels: 'a', histogram: 'x' }] }] }]`,
  },
  {
    name: 'an invalid value',
    test: `tests: [{ promql_expr_test: [{ expr: '1', eval_time: 0m, exp_samples: [{ value: x }] }] }]`,
  },
];

for (const { name, test } of invalid) {
  t.test(`${name} fails`, { skip: withoutRealServers() }, async (t) => {
    const broken = 'groups: [{ name: g, rules: [{ record: x, expr: "sum(" }] }]';
    const { promfed, promtool } = await verdicts({ 'broken.yaml': broken, 'test.yaml': test });
    t.equal(promtool.status, 1);
    t.equal(promfed.status, 1);
    t.match(promfed.err, /FAILED:\n.+/);
  });
}

t.test('broken expectations have the output of promtool', { skip: withoutRealServers() }, async (t) => {
  const seed = randomSeed();
  t.comment(`seed ${seed}`);
  const scenarios = curatedScenarios.filter(({ name }) =>
    /^(?:for|labels|absence|chained|resolved)/.test(name),
  );
  const texts = await Promise.all(
    scenarios.map(async ({ scenario }) => {
      const evaluated = await evaluateScenario(scenario);
      return unitTestFiles(scenario, evaluated, 20);
    }),
  );
  const mutation = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('drop', 'change', 'time'));
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.array(mutation, { maxLength: 3 }),
      async (files, mutations) => {
        const { promfed, promtool } = await verdicts({
          ...files,
          'test.yaml': mutate(files['test.yaml'], mutations),
        });
        t.strictSame(promfed, promtool);
        failures += promtool.status;
      },
    ),
    { numRuns: randomRuns(20), seed, endOnFailure: true },
  );
  if (randomRuns(20) >= 10) t.ok(failures > 0, 'some tests fail');
});

interface Expectation {
  eval_time: string;
  exp_alerts?: { exp_labels: Record<string, string> }[];
  exp_samples?: { value: number }[];
}

/** Changes some expectations of a unit test. */
function mutate(text: string, mutations: readonly (readonly [number, number, string])[]): string {
  const file = JSON.parse(text) as {
    tests: { alert_rule_test: Expectation[]; promql_expr_test: Expectation[] }[];
  };
  const all = file.tests.flatMap((one) => [...one.alert_rule_test, ...one.promql_expr_test]);
  for (const [which, item, how] of mutations) {
    const expectation = all[which % all.length]!;
    const list: unknown[] = expectation.exp_alerts ?? expectation.exp_samples ?? [];
    if (how === 'time') expectation.eval_time = `${item % 20}m`;
    else if (how === 'drop') list.splice(item % (list.length + 1), 1);
    else if (expectation.exp_alerts !== undefined)
      expectation.exp_alerts.push({ exp_labels: { added: String(item) } });
    else if (list.length > 0) expectation.exp_samples![item % list.length]!.value += item;
  }
  return JSON.stringify(file);
}

t.test('flags have the output of promtool', { skip: withoutRealServers() }, async (t) => {
  const failing = cases.find(({ name }) => name === 'wrong alerts')!.test;
  const several = cases.find(({ name }) => name === 'external labels and URL, several tests')!.test;
  const files = { 'rules.yaml': RULES, 'test.yaml': failing };
  const others = { 'external.yaml': OTHER_RULES['external.yaml'], 'test.yaml': several };
  const compared: readonly (readonly [Readonly<Record<string, string>>, readonly string[]])[] = [
    [files, ['--diff']],
    [files, ['--debug']],
    [others, ['--debug', '--run=sec', '--run=none']],
    [others, ['--run=^$']],
    [
      { ...files, 'rules.yaml': RULES.replace('    rules:', '    unknown: 1\n    rules:') },
      ['--ignore-unknown-fields'],
    ],
  ];
  for (const [given, flags] of compared) {
    const { promfed, promtool } = await verdicts(given, ...flags);
    t.strictSame(debugToStderr(promfed), debugToStderr(promtool), flags.join(' '));
  }
  t.ok((await verdicts(files, '--diff')).promfed.err.includes('\u001b[0;31m"'));
});

/** Since Prometheus 3.6, promtool prints debug output to standard error. Durations are removed. */
function debugToStderr({ status, out, err }: TestRulesResult): TestRulesResult {
  const debug = /^DEBUG: Starting[^]*finished, took \S+\n/.exec(out)?.[0] ?? '';
  return { status, out: out.slice(debug.length), err: (debug + err).replace(/took \S+/g, 'took') };
}

t.test('JUnit files are those of promtool', { skip: withoutRealServers() }, async (t) => {
  const failing = cases.find(({ name }) => name === 'wrong expressions')!.test;
  await withFiles(
    { 'rules.yaml': RULES, 'test.yaml': failing, 'other.yaml': 'tests: [{name: "<&>\\"\\t"}, {}]' },
    async (directory) => {
      const [ours, theirs] = ['ours.xml', 'theirs.xml'].map((name) => join(directory, name));
      const paths = ['test.yaml', 'other.yaml'].map((name) => join(directory, name));
      await runPromfed(paths[0]!, `--junit=${ours!}`, paths[1]!);
      runPromtool('test', `--junit=${theirs!}`, 'rules', paths[1]!, paths[0]!);
      const read = (path: string): string =>
        readFileSync(path, 'utf8').replace(/timestamp="[-\dT:]{19}"/g, 'timestamp');
      t.equal(read(ours!), read(theirs!));
    },
  );
});

t.test(
  'check rules has the output and the exit status of promtool',
  { skip: withoutRealServers() },
  async (t) => {
    const files = {
      'good.yaml': RULES,
      'bad.yaml': 'groups: [{name: a, rules: [{record: r, expr: "1 +"}]}]',
      'unknown.yaml': 'groups: [{name: a, owner: x, rules: [{record: r, expr: "1", team: y}]}]',
      'duplicates.yaml':
        'groups: [{name: a, labels: {x: "y"}, rules: [{alert: z, expr: "1"}, {record: r, expr: "1", labels: {b: c}}, {record: r, expr: "2", labels: {b: c}}, {alert: z, expr: "3"}, {alert: z, expr: "2"}]}]',
    };
    const runs: readonly (readonly [flags: readonly string[], files: readonly string[]])[] = [
      [[], ['good.yaml']],
      [[], ['duplicates.yaml']],
      [['--lint-fatal'], ['duplicates.yaml', 'good.yaml']],
      [['--lint-fatal'], ['duplicates.yaml', 'bad.yaml', 'good.yaml']],
      [['--lint=none', '--lint-fatal'], ['duplicates.yaml']],
      [['--lint=all', '--lint-fatal'], ['duplicates.yaml']],
      [['--lint=none,duplicate-rules'], ['duplicates.yaml']],
      [[], ['unknown.yaml']],
      [['--ignore-unknown-fields'], ['unknown.yaml', 'good.yaml']],
    ];
    await withFiles(files, async (directory) => {
      for (const [flags, names] of runs) {
        const args = ['check', 'rules', ...flags, ...names.map((name) => join(directory, name))];
        let out = '';
        let err = '';
        const status = await checkRules(parseFlags(args, []).checkRules!, {
          features: new Set(),
          clock: systemClock,
          openGroups: () => Promise.resolve([]),
          out: (text) => (out += text),
          err: (text) => (err += text),
        });
        const theirs = runPromtool(...args);
        t.strictSame({ status, out }, { status: theirs.status, out: theirs.out }, args.slice(2, 4).join(' '));
        // promfed adds the positions of duplicates. Errors have texts of their own.
        const isSame = names.some((name) => name === 'bad.yaml' || name === 'unknown.yaml');
        if (!isSame)
          t.equal(err.replace(/^\S+: duplicate rule .*\n/gm, ''), theirs.err, args.slice(2, 4).join(' '));
      }
    });
  },
);
