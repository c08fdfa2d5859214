// `promfed check rules`: the output and the exit status.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { checkRules } from '../../src/cli/index.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-check-'));
t.teardown(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function run(...files: string[]): { status: number; out: string; err: string } {
  let out = '';
  let err = '';
  const status = checkRules(files, {
    features: new Set(),
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
  t.same(run(a, b), {
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
  const { status, out, err } = run(bad, good, none);
  t.equal(status, 1);
  t.equal(out, `Checking ${bad}\n\nChecking ${good}\n  SUCCESS: 0 rules found\n\nChecking ${none}\n\n`);
  t.equal(
    err,
    `  FAILED:\n${bad}:5:15: group "a", rule 1, "A": could not parse expression: parse error: unexpected end of input\n` +
      `${bad}:6:27: group "a", rule 2, "r": invalid field 'for' in recording rule\n` +
      `${bad}:7:3: groupname: "a" is repeated in the same file\n` +
      `  FAILED:\n${none}: cannot load the rule file: ${none} does not exist\n`,
  );
});

t.test('duplicate rules are a warning', async (t) => {
  const path = file(
    'dup.yaml',
    'groups:\n- name: a\n  rules:\n  - {record: r, expr: "1"}\n  - {record: r, expr: "2"}\n',
  );
  t.same(run(path), {
    status: 0,
    out: `Checking ${path}\n  SUCCESS: 2 rules found\n\n`,
    err: `  warning: ${path}:5:5: duplicate rule "r": the rule on line 4 has the same name and labels\n`,
  });
});

t.test('the rule files of KOF are valid', { skip: withoutShared('kof/rules') }, async (t) => {
  const directory = sharedPath('kof/rules');
  const files = readdirSync(directory).map((name) => join(directory, name));
  const { status, out, err } = run(...files);
  t.equal(status, 0);
  t.equal(err, '');
  t.equal(out.match(/SUCCESS/g)?.length, files.length);
});
