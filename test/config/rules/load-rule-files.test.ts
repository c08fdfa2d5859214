// The rule files of a configuration: patterns, files and the conditions between sections.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { loadConfig, type LoadedConfig, parseConfig } from '../../../src/config/index.js';
import { globFiles } from '../../../src/config/rules/glob.js';
import type { RuleFileSystem } from '../../../src/config/rules/load-rule-files.js';

const ALERT = 'groups: [{name: g, rules: [{alert: A, expr: up}]}]';
const RECORD = 'groups: [{name: g, rules: [{record: r, expr: up}]}]';
const DESTINATIONS =
  'alerting: {alertmanagers: [{static_configs: [{targets: [a]}]}]}\nremote_write: [{url: http://w}]\n';

/** Files in memory. A pattern matches the files that start with its text up to the `*`. */
function filesOf(files: Readonly<Record<string, string>>): RuleFileSystem {
  return {
    glob: (pattern) =>
      pattern.endsWith('*')
        ? Object.keys(files).filter((path) => path.startsWith(pattern.slice(0, -1)))
        : Object.hasOwn(files, pattern)
          ? [pattern]
          : [],
    read: (path) => ({ text: files[path]! }),
  };
}

function load(yaml: string, files: Readonly<Record<string, string>>): LoadedConfig {
  return parseConfig(yaml, '/etc/c.yaml', { ruleFiles: filesOf(files) });
}

function errorOf(yaml: string, files: Readonly<Record<string, string>>): string {
  try {
    load(yaml, files);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('patterns find files as in Go', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'promfed-glob-'));
  t.teardown(() => {
    rmSync(root, { recursive: true });
  });
  for (const folder of ['rules', 'rules/sub', 'more', '..2024']) mkdirSync(join(root, folder));
  for (const file of [
    'rules/a.yaml',
    'rules/b.yaml',
    'rules/.c.yaml',
    'rules/d.yml',
    'more/a.yaml',
    '..2024/x.yaml',
  ]) {
    writeFileSync(join(root, file), '');
  }
  symlinkSync('..2024', join(root, '..data'));
  symlinkSync('none', join(root, 'rules/broken.yaml'));
  const cases: [pattern: string, expected: string[]][] = [
    ['rules/*.yaml', ['rules/.c.yaml', 'rules/a.yaml', 'rules/b.yaml', 'rules/broken.yaml']],
    ['rules/[ab].y*', ['rules/a.yaml', 'rules/b.yaml']],
    ['rules/?.yml', ['rules/d.yml']],
    ['?o[r]e/a.yaml', ['more/a.yaml']],
    ['rules/a.yaml', ['rules/a.yaml']],
    ['rules/broken.yaml', ['rules/broken.yaml']],
    ['..data/*', ['..data/x.yaml']],
    ['rules/none.yaml', []],
    ['none/*.yaml', []],
    ['rules/a.yaml/*', []],
    ['rules/sub/*', []],
    ['rules/\\a.yaml', ['rules/a.yaml']],
  ];
  for (const [pattern, expected] of cases) {
    t.same(
      globFiles(`${root}/${pattern}`).sort(),
      expected.map((path) => join(root, path)),
      pattern,
    );
  }
});

t.test('files are sorted by path, and read once', async (t) => {
  const { settings, warnings } = load(
    `${DESTINATIONS}rule_files: [rules/b.yaml, rules/*, ../etc/rules/a.yaml, /x.yaml, none*, none.yaml]`,
    { '/etc/rules/b.yaml': ALERT, '/etc/rules/a.yaml': RECORD, '/x.yaml': ALERT },
  );
  t.same(warnings, []);
  t.same(
    settings.ruleGroups.map(({ file, name }) => [file, name]),
    [
      ['/etc/rules/a.yaml', 'g'],
      ['/etc/rules/b.yaml', 'g'],
      ['/x.yaml', 'g'],
    ],
  );
});

t.test('groups take the defaults of the configuration', async (t) => {
  const { settings } = load(
    `${DESTINATIONS}global: {evaluation_interval: 5s, rule_query_offset: 3s}\nrules: {partial_response_strategy: Hold, hold: 1m}\nrule_files: [a.yaml]`,
    { '/etc/a.yaml': ALERT },
  );
  t.match(settings.ruleGroups, [{ intervalMs: 5000, queryOffsetMs: 3000, partialResponse: 'hold' }]);
  t.equal(settings.rules.holdMs, 60_000);
});

t.test('the problems of all files are reported together', async (t) => {
  t.equal(
    errorOf(`${DESTINATIONS}globl: {}\nrule_files: ["*"]`, {
      '/etc/b.yaml': 'groups: [{name: b, rules: [{alert: B, expr: "up +"}]}]',
      '/etc/a.yaml': 'groups: {}',
      '/etc/c.yaml': ALERT,
    }),
    [
      '/etc/c.yaml:3:1: unknown key "globl"; did you mean "global"?',
      '/etc/a.yaml:1:9: groups: must be a list; got a mapping',
      '/etc/b.yaml:1:50: group "b", rule 1, "B": could not parse expression: parse error: unexpected end of input',
    ].join('\n'),
  );
});

t.test('invalid patterns are reported', async (t) => {
  t.equal(
    errorOf('rule_files: ["a*/b.yaml", "a[", ""]', {}),
    [
      '/etc/c.yaml:1:14: rule_files[0]: invalid rule file path "a*/b.yaml": * is allowed in the name of the file only',
      '/etc/c.yaml:1:27: rule_files[1]: invalid rule file path "a[": syntax error in pattern',
      '/etc/c.yaml:1:33: rule_files[2]: path must not be empty',
    ].join('\n'),
  );
});

t.test('recording rules need a destination', async (t) => {
  const files = {
    '/etc/a.yaml': 'groups: [{name: g, rules: [{alert: A, expr: up}, {record: r, expr: up}]}]',
  };
  t.equal(
    errorOf('rule_files: [a.yaml]', files),
    '/etc/a.yaml:1:50: group "g", rule 2, "r": recording rule without a destination; configure remote_write',
  );
  t.equal(errorOf('rule_files: [a.yaml]\nremote_write: [{url: http://w}]', files), 'accepted');
});

t.test('alerts that go nowhere are a warning', async (t) => {
  const { warnings } = load('rule_files: [a.yaml]', { '/etc/a.yaml': ALERT });
  t.same(warnings, [
    '/etc/c.yaml:1:1: rule_files: alerting rules without alerting.alertmanagers: no alerts are sent',
    '/etc/c.yaml:1:1: rule_files: alerting rules without remote_write: pending alerts start again after a restart',
  ]);
  t.same(load('rule_files: [a.yaml]', { '/etc/a.yaml': '' }).warnings, []);
});

t.test('experimental functions are accepted when they are enabled', async (t) => {
  const ruleFiles = filesOf({
    '/etc/a.yaml': 'groups: [{name: g, rules: [{alert: A, expr: "mad_over_time(x[5m]) > 1"}]}]',
  });
  const features = new Set(['promql-experimental-functions'] as const);
  const yaml = `${DESTINATIONS}rule_files: [a.yaml]`;
  t.equal(parseConfig(yaml, '/etc/c.yaml', { ruleFiles, features }).settings.ruleGroups.length, 1);
  t.throws(() => parseConfig(yaml, '/etc/c.yaml', { ruleFiles }));
});

t.test('the hash changes with the content of a rule file', async (t) => {
  const yaml = `${DESTINATIONS}rule_files: [a.yaml]`;
  const hash = (text: string): string => load(yaml, { '/etc/a.yaml': text }).hash;
  t.equal(hash(ALERT), hash(`# comment\n${ALERT}\n`));
  t.not(hash(ALERT), hash(ALERT.replace('expr: up', 'expr: down')));
  t.not(hash(ALERT), load(yaml, {}).hash);
});

t.test('files are read from the directory of the configuration', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'promfed-rules-'));
  t.teardown(() => {
    rmSync(root, { recursive: true });
  });
  const config = join(root, 'config.yaml');
  writeFileSync(config, `${DESTINATIONS}rule_files: ["rules/*"]`);
  mkdirSync(join(root, 'rules'));
  writeFileSync(join(root, 'rules/a.yaml'), ALERT);
  t.match((await loadConfig(config)).settings.ruleGroups, [{ file: join(root, 'rules/a.yaml') }]);

  mkdirSync(join(root, 'rules/b'));
  writeFileSync(join(root, 'rules/c.yaml'), Buffer.from('a: caf\xe9', 'latin1'));
  symlinkSync('none', join(root, 'rules/d.yaml'));
  writeFileSync(join(root, 'rules/e.yaml'), '#'.repeat(4 * 1024 * 1024 + 1));
  await t.rejects(loadConfig(config), {
    message: [
      `${root}/rules/b: cannot load the rule file: ${root}/rules/b is not a file`,
      `${root}/rules/c.yaml: cannot load the rule file: ${root}/rules/c.yaml is not valid UTF-8`,
      `${root}/rules/d.yaml: cannot load the rule file: ${root}/rules/d.yaml does not exist`,
      `${root}/rules/e.yaml: cannot load the rule file: ${root}/rules/e.yaml is larger than 4194304 bytes`,
    ].join('\n'),
  });
});
