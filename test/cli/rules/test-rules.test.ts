// `promfed test rules` over regions. The format of promtool is compared with promtool itself, see test/real-servers.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import { testRules } from '../../../src/cli/index.js';
import { parseFlags } from '../../../src/config/index.js';
import { systemClock } from '../../../src/runtime/index.js';

const RULES = `
groups:
  - name: federated
    rules:
      - { record: 'region:up:sum', expr: sum by (region) (up) }
      - { record: 'up:sum', expr: 'sum(region:up:sum)' }
      - alert: RegionDown
        expr: region:up:sum == 0
        for: 1m
        annotations: { summary: '{{ $labels.region }} of {{ with query "count(count by (region) (up))" }}{{ . | first | value }}{{ end }}' }
`;

function testOf(expectedSum: number): string {
  return `
rule_files: [rules.yaml]
tests:
  - interval: 1m
    regions:
      - name: eu
        labels: { region: eu }
        input_series: [{ series: 'up{pod="a"}', values: '1 0x5' }, { series: 'up{pod="b"}', values: '1 0x5' }]
      - name: us
        labels: { region: us }
        input_series: [{ series: 'up{pod="a", region="hidden"}', values: '1x6' }]
    input_series: [{ series: 'up{region="global"}', values: '1x6' }]
    promql_expr_test:
      - { expr: 'up:sum', eval_time: 3m, exp_samples: [{ labels: 'up:sum', value: ${expectedSum} }] }
      - { expr: 'up{region="us"}', eval_time: 1m, exp_samples: [{ labels: 'up{pod="a",region="us"}', value: 1 }] }
    alert_rule_test:
      - eval_time: 2m
        alertname: RegionDown
        exp_alerts: [{ exp_labels: { region: eu }, exp_annotations: { summary: 'eu of 3' } }]
      - { eval_time: 1m, alertname: RegionDown }
`;
}

t.test('series of regions have the labels of their server groups', async (t) => {
  const directory = t.testdir({ 'rules.yaml': RULES });
  const run = async (expectedSum: number): Promise<{ status: number; out: string; err: string }> => {
    const path = join(directory, 'test.yaml');
    writeFileSync(path, testOf(expectedSum));
    let out = '';
    let err = '';
    const status = await testRules(parseFlags(['test', 'rules', path], []).testRules!, {
      features: new Set(),
      clock: systemClock,
      out: (text) => (out += text),
      err: (text) => (err += text),
    });
    return { status, out, err };
  };
  t.strictSame(await run(2), { status: 0, out: '  SUCCESS\n\n', err: '' });
  t.strictSame(await run(3), {
    status: 1,
    out: '\n\n',
    err: `  FAILED:
    expr: "up:sum", time: 3m,
        exp: {__name__="up:sum"} 3E+00
        got: {__name__="up:sum"} 2E+00
`,
  });
});

t.test('files are read in order, and a missing one fails', async (t) => {
  const directory = t.testdir({ 'empty.yaml': 'tests: []\n' });
  let text = '';
  const print = (part: string): string => (text += part);
  const flags = parseFlags(
    ['test', 'rules', ...[join(directory, 'missing.yaml'), join(directory, 'empty.yaml')]],
    [],
  ).testRules!;
  t.equal(await testRules(flags, { features: new Set(), clock: systemClock, out: print, err: print }), 1);
  t.match(
    text,
    /^ {2}FAILED:\ncannot load the unit test: \S+missing\.yaml does not exist\n\n\n {2}SUCCESS\n\n$/,
  );
});

t.test('labels are quoted as in promtool, and control characters elsewhere are escaped', async (t) => {
  const directory = t.testdir({
    'rules.yaml': 'groups: [{name: g, rules: [{alert: A, expr: "up == 0"}]}]',
    'test.yaml': `rule_files: [rules.yaml]
tests:
  - name: "\\e[2J"
    input_series: [{ series: "up{pod=\\"\\e[2J\\u202e\\"}", values: 0x1 }]
    alert_rule_test: [{ eval_time: 1m, alertname: A }]
`,
  });
  let err = '';
  const flags = parseFlags(['test', 'rules', join(directory, 'test.yaml')], []).testRules!;
  await testRules(flags, {
    features: new Set(),
    clock: systemClock,
    out: () => undefined,
    err: (text) => (err += text),
  });
  t.match(err, 'Labels:{alertname="A", pod="\\x1b[2J\\u202e"}');
  t.match(err, 'name: \\u{1b}[2J,');
});

t.test('the command line', (t) => {
  t.strictSame(parseFlags(['test', 'rules', '--run=a', '--run=b', 'a.yaml', 'b.yaml'], []).testRules, {
    files: ['a.yaml', 'b.yaml'],
    run: ['a', 'b'],
    showsDiff: false,
    isDebug: false,
    junit: undefined,
    ignoresUnknownKeys: false,
  });
  t.throws(() => parseFlags(['test', 'rules'], []), /missing files, for example: promfed test rules/);
  t.throws(() => parseFlags(['test'], []), /missing subject; use promfed test rules FILES/);
  t.throws(() => parseFlags(['test', 'rules', '--log-level=debug', 'x'], []), /not a flag of promfed test/);
  t.end();
});
