// `promfed check rules`: the output and the exit status.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { checkRules } from '../../../src/cli/index.js';
import { parseFlags } from '../../../src/config/index.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-check-'));
t.teardown(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const flags = parseFlags(['check', 'rules', ...args], []).checkRules!;
  const status = await checkRules(flags, {
    features: new Set(),
    clock: { now: () => 0 },
    openGroups: () => Promise.reject(new Error('not live')),
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { status, out, err };
}

t.test('valid files are counted', async (t) => {
  const a = file(
    'a.yaml',
    'groups: [{name: a, rules: [{alert: A, expr: up}, {record: b, expr: up}]}, {name: b, rules: [{record: c, expr: up}]}]',
  );
  const b = file('empty.yaml', '');
  t.same(await run(a, b), {
    status: 0,
    out: `Checking ${a}\n  SUCCESS: 3 rules found\n\nChecking ${b}\n  SUCCESS: 0 rules found\n\n`,
    err: '',
  });
});

t.test('the problems of invalid files are listed in the order of the file', async (t) => {
  const bad = file(
    'bad.yaml',
    'groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up +\n  - {record: r, expr: up, for: 1m}\n- name: a\n',
  );
  const good = file('good.yaml', 'groups: []');
  const none = join(folder, 'none.yaml');
  const { status, out, err } = await run(bad, good, none);
  t.equal(status, 1);
  t.equal(out, `Checking ${bad}\nChecking ${good}\n  SUCCESS: 0 rules found\n\nChecking ${none}\n`);
  t.equal(
    err,
    `  FAILED:\n${bad}:5:15: group "a", rule 1, "A": could not parse expression: parse error: unexpected end of input\n` +
      `${bad}:6:27: group "a", rule 2, "r": invalid field 'for' in recording rule\n` +
      `${bad}:7:3: groupname: "a" is repeated in the same file\n` +
      `  FAILED:\n${none}: cannot load the rule file: ${none} does not exist\n`,
  );
});

t.test('duplicate rules are printed as promtool prints them, with their positions', async (t) => {
  const path = file(
    'dup.yaml',
    'groups:\n- name: a\n  rules:\n  - {record: r, expr: "1"}\n  - {record: r, expr: "2"}\n',
  );
  const err =
    '  FAILED:\nlint error 1 duplicate rule(s) found.\nMetric: r\nLabel(s):\n' +
    'Might cause inconsistency while recording expressions\n' +
    `${path}:5:5: duplicate rule "r": the rule on line 4 has the same name and labels\n`;
  const out = `Checking ${path}\n\n`;
  t.same(await run(path), { status: 0, out, err });
  t.same(await run('--lint-fatal', '--lint=all', path), { status: 3, out, err });
  t.same(await run('--lint=none', '--lint-fatal', path), {
    status: 0,
    out: `Checking ${path}\n  SUCCESS: 2 rules found\n\n`,
    err: '',
  });
});

t.test('all problems of a rule are reported', async (t) => {
  const path = file(
    'several.yaml',
    `groups:
- name: a
  intervall: 1m
  rules:
  - alert: A
    expr: up +
    annotation: {}
    for: soon
    labels: { a: "{{ ." }
  - 5
  - { record: [r], expr: up }
  - { record: r, for: 1m }
`,
  );
  const lines = (await run(path)).err.replaceAll(`${path}:`, '').split('\n').slice(1, -1);
  t.strictSame(lines, [
    '3:3: groups[0]: unknown key "intervall"; did you mean "interval"?',
    '6:15: group "a", rule 1, "A": could not parse expression: parse error: unexpected end of input',
    '7:5: groups[0].rules[0]: unknown key "annotation"; did you mean "annotations"?',
    '8:10: groups[0].rules[0].for: not a valid duration string: "soon"',
    '9:18: group "a", rule 1, "A": label "a": template: __alert_A:1: illegal number syntax: "."',
    '10:5: groups[0].rules[1]: must be a mapping; got a number',
    '11:15: groups[0].rules[2].record: must be a string; got a list',
    '12:5: group "a", rule 4, "r": field \'expr\' must be set in rule',
    '12:18: group "a", rule 4, "r": invalid field \'for\' in recording rule',
  ]);
  const ignoring = (await run('--ignore-unknown-fields', path)).err;
  t.notMatch(ignoring, /unknown key/);
  t.match(ignoring, /could not parse expression/);
});

t.test('the rule files of KOF are valid', { skip: withoutShared('kof/rules') }, async (t) => {
  const directory = sharedPath('kof/rules');
  const files = readdirSync(directory).map((name) => join(directory, name));
  const { status, out, err } = await run(...files);
  t.equal(status, 0);
  t.equal(err, '');
  t.equal(out.match(/SUCCESS/g)?.length, files.length);
});

t.test('control characters of rules are escaped', async (t) => {
  const evil = file(
    'evil.yaml',
    'groups:\n- name: g\n  rules:\n' +
      '  - {record: r, expr: "1", labels: {a: "\\e[2J\\u202e"}}\n'.repeat(2) +
      '  - {record: r, expr: "1", "b": 1}\n',
  );
  const { err } = await run('--ignore-unknown-fields', evil);
  t.match(err, 'a: \\u{1b}[2J\\u{202e}');
  t.notMatch(err, /[^\P{Cc}\n\t]|\p{Cf}/u);
});
