// Rule files, relabelling rules and configuration keys, each read by a real Prometheus and by promfed.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import { DEFAULT_RELABEL, Labels, Relabeler, type RelabelSettings } from '../../src/model/index.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import {
  type RealServer,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const skip = withoutRealServers();

/** Loads a configuration into Prometheus. Returns the error, or undefined when it is accepted. */
async function tryReload(server: RealServer, config: string): Promise<string | undefined> {
  writeFileSync(join(server.directory, 'prometheus.yaml'), config);
  const response = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  return response.ok ? undefined : response.text();
}

/** Returns the error of promfed for a configuration in the folder of the server; undefined when it is accepted. */
function tryParse(server: RealServer, config: string): string | undefined {
  try {
    parseConfig(config, join(server.directory, 'prometheus.yaml'));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const WRITE = 'remote_write: [{url: http://127.0.0.1:1/}]';
const rule = (keys: string): string => `groups: [{name: g, rules: [{${keys}}]}]`;

const RULE_FILES: { readonly name: string; readonly yaml: string }[] = [
  { name: 'an empty file', yaml: '' },
  { name: 'no groups', yaml: 'groups: []' },
  { name: 'groups without a value', yaml: 'groups:' },
  { name: 'a group without rules', yaml: 'groups: [{name: a}]' },
  { name: 'a group without a name', yaml: 'groups: [{rules: []}]' },
  { name: 'an unknown key of the file', yaml: 'group: []' },
  { name: 'an unknown key of a group', yaml: 'groups: [{name: a, intervall: 1s}]' },
  { name: 'an unknown key of a rule', yaml: rule('alert: A, expr: up, fro: 5m') },
  { name: 'two groups with one name', yaml: 'groups: [{name: a}, {name: a}]' },
  { name: 'neither record nor alert', yaml: rule('expr: up') },
  { name: 'record and alert', yaml: rule('record: a, alert: b, expr: up') },
  { name: 'an empty record and an alert', yaml: rule('record: "", alert: b, expr: up') },
  { name: 'no expression', yaml: rule('alert: b') },
  { name: 'an empty expression', yaml: rule('alert: b, expr: ""') },
  { name: 'a broken expression', yaml: rule('alert: b, expr: "up +"') },
  { name: 'an unknown function', yaml: rule('alert: b, expr: "foo(up)"') },
  { name: 'a number as an expression', yaml: rule('record: b, expr: 1') },
  { name: 'a comment as an expression', yaml: rule('record: b, expr: "# x"') },
  { name: 'for on a recording rule', yaml: rule('record: b, expr: up, for: 1m') },
  { name: 'for 0 on a recording rule', yaml: rule('record: b, expr: up, for: 0s') },
  { name: 'keep_firing_for on a recording rule', yaml: rule('record: b, expr: up, keep_firing_for: 1m') },
  { name: 'annotations on a recording rule', yaml: rule('record: b, expr: up, annotations: {a: b}') },
  { name: 'empty annotations on a recording rule', yaml: rule('record: b, expr: up, annotations: {}') },
  { name: 'braces in a recording rule', yaml: rule('record: "b{}", expr: up') },
  { name: 'a UTF-8 name of a recording rule', yaml: rule('record: "größe.x 名", expr: up') },
  { name: 'a UTF-8 name of a label', yaml: rule('record: b, expr: up, labels: {"ä.b": c}') },
  { name: 'an empty name of a label', yaml: rule('record: b, expr: up, labels: {"": c}') },
  { name: '__name__ as a label', yaml: rule('alert: b, expr: up, labels: {__name__: c}') },
  { name: '__name__ as a label of a group', yaml: 'groups: [{name: a, labels: {__name__: c}}]' },
  { name: '__name__ as an annotation', yaml: rule('alert: b, expr: up, annotations: {__name__: c}') },
  { name: 'an empty name of an annotation', yaml: rule('alert: b, expr: up, annotations: {"": c}') },
  { name: 'an empty value of a label', yaml: rule('alert: b, expr: up, labels: {a: }') },
  {
    name: 'numbers and booleans as values',
    yaml: rule('alert: b, expr: up, labels: {a: 1, b: yes, c: 0x10}'),
  },
  { name: 'a list as a value', yaml: rule('alert: b, expr: up, labels: {a: [1]}') },
  { name: 'a duration without a unit', yaml: rule('alert: b, expr: up, for: 5') },
  { name: 'a negative duration', yaml: rule('alert: b, expr: up, for: -5m') },
  { name: 'a compound duration', yaml: rule('alert: b, expr: up, for: 1d2h3m') },
  { name: 'a zero interval', yaml: 'groups: [{name: a, interval: 0s}]' },
  { name: 'an interval that is a list', yaml: 'groups: [{name: a, interval: [1s]}]' },
  { name: 'a limit', yaml: 'groups: [{name: a, limit: 5}]' },
  { name: 'a negative limit', yaml: 'groups: [{name: a, limit: -5}]' },
  { name: 'a limit that is a text', yaml: 'groups: [{name: a, limit: "x"}]' },
  { name: 'a query offset', yaml: 'groups: [{name: a, query_offset: 1m}]' },
  { name: 'a template of a label', yaml: rule('alert: b, expr: up, labels: {a: "{{ $labels.x }}"}') },
  { name: 'a broken template of a label', yaml: rule('alert: b, expr: up, labels: {a: "{{ $labels.x "}') },
  {
    name: 'an unknown function of a template',
    yaml: rule('alert: b, expr: up, annotations: {a: "{{ foo }}"}'),
  },
  {
    name: 'an unknown variable of a template',
    yaml: rule('alert: b, expr: up, annotations: {a: "{{ $foo }}"}'),
  },
  { name: 'a template of a recording rule', yaml: rule('record: b, expr: up, labels: {a: "{{ foo"}') },
  {
    name: 'duplicate rules',
    yaml: 'groups: [{name: a, rules: [{record: b, expr: up}, {record: b, expr: up}]}]',
  },
  { name: 'duplicate keys', yaml: rule('alert: b, expr: up, expr: down') },
  { name: 'anchors', yaml: 'groups: [{name: a, rules: [&x {alert: b, expr: up}, {<<: *x, alert: c}]}]' },
  { name: 'an unknown alias', yaml: 'groups: [{name: a, rules: [*x]}]' },
  { name: 'two documents', yaml: 'groups: [{name: a}]\n---\ngroups: [{name: b}]' },
  { name: 'broken YAML', yaml: 'groups: [' },
  { name: 'tabs', yaml: 'groups:\n\t- name: a' },
  { name: 'a text', yaml: 'groups' },
  { name: 'a list', yaml: '- groups' },
];

t.test('rule files are accepted and rejected as in Prometheus', { skip }, async (t) => {
  const server = await startPrometheus(t);
  const config = `${WRITE}\nrule_files: [case.yaml]`;
  for (const { name, yaml } of RULE_FILES) {
    writeFileSync(join(server.directory, 'case.yaml'), yaml);
    const expected = await tryReload(server, config);
    const actual = tryParse(server, config);
    t.equal(actual === undefined, expected === undefined, `${name}: ${actual ?? 'accepted'}`);
  }
});

interface ApiRules {
  readonly data: {
    readonly groups: readonly {
      readonly name: string;
      readonly file: string;
      readonly interval: number;
      readonly limit: number;
      readonly rules: readonly {
        readonly name: string;
        readonly type: string;
        readonly duration?: number;
        readonly keepFiringFor?: number;
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      }[];
    }[];
  };
}

t.test('groups and rules have the settings of Prometheus', { skip }, async (t) => {
  const server = await startPrometheus(t);
  const folder = join(server.directory, 'rules');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'own.yaml'),
    `
groups:
- name: a
  interval: 1m30s
  limit: 7
  labels: {team: x, severity: low, "ä": b}
  rules:
  - &base {alert: A, expr: "\\nup == 0", for: 1h30m, keep_firing_for: 90s, labels: {severity: "{{ $value }}", none: ""}}
  - {<<: *base, alert: B, annotations: {text: "x {{ $labels.job }}", 1: 2}}
  - {record: r, expr: up, labels: {team: "", other: "1"}}
- name: b
  limit: -3
  rules: [{record: r, expr: up}]
`,
  );
  if (withoutShared('kof/rules') === false) {
    for (const name of readdirSync(sharedPath('kof/rules'))) {
      writeFileSync(join(folder, name), readFileSync(join(sharedPath('kof/rules'), name)));
    }
  }
  const config = `${WRITE}\nglobal: {evaluation_interval: 7s}\nrule_files: ["rules/*.yaml", rules/own.yaml, "none*"]`;
  t.equal(await tryReload(server, config), undefined);
  const api = (await (await fetch(`${server.url}/api/v1/rules`)).json()) as ApiRules;
  const { ruleGroups } = parseConfig(config, join(server.directory, 'prometheus.yaml')).settings;

  const keyOf = ({ file, name }: { readonly file: string; readonly name: string }): string =>
    `${file} ${name}`;
  const expected = api.data.groups.map((group) => ({
    key: keyOf(group),
    intervalMs: group.interval * 1000,
    limit: Math.max(0, group.limit),
    rules: group.rules.map(({ name, type, duration, keepFiringFor, labels, annotations }) => ({
      name,
      kind: type,
      forMs: (duration ?? 0) * 1000,
      keepFiringForMs: (keepFiringFor ?? 0) * 1000,
      labels: { ...labels },
      annotations: { ...annotations },
    })),
  }));
  const actual = ruleGroups.map((group) => ({
    key: keyOf(group),
    intervalMs: group.intervalMs,
    limit: group.limit,
    rules: group.rules.map((rule) => ({
      name: rule.name,
      kind: rule.kind,
      forMs: rule.kind === 'alerting' ? rule.forMs : 0,
      keepFiringForMs: rule.kind === 'alerting' ? rule.keepFiringForMs : 0,
      labels: Object.fromEntries(rule.labels),
      annotations: rule.kind === 'alerting' ? Object.fromEntries(rule.annotations) : {},
    })),
  }));
  const sorted = <T extends { readonly key: string }>(groups: readonly T[]): T[] =>
    [...groups].sort((a, b) => (a.key < b.key ? -1 : 1));
  t.same(sorted(actual), sorted(expected));
});

// Values of queue_config that only Prometheus 3.14 rejects are left out: some of them crash older versions.
const relabel = (text: string): string => `alerting: {alert_relabel_configs: [${text}]}`;
const manager = (text: string): string => `alerting: {alertmanagers: [{${text}}]}`;
const write = (text: string): string => `remote_write: [{url: http://127.0.0.1:1/, ${text}}]`;

const SECTIONS: readonly string[] = [
  'rule_files: ["a*/b.yaml"]',
  'rule_files: ["a*b*.yaml", "x[ab]/?.yaml"]',
  'global: {rule_query_offset: 1m}',
  'global: {rule_query_offset: x}',
  'alerting: {}',
  'alerting:',
  'alerting: {alert_relabel_config: []}',
  ...[
    '{}',
    '{target_label: a}',
    '{action: Replace, target_label: a}',
    '{action: replace_all, target_label: a}',
    '{target_label: "$1"}',
    '{target_label: a, regex: "a("}',
    '{target_label: a, regex: }',
    '{target_label: a, source_labels: [""]}',
    '{target_label: a, source_labels: ["ä.b", __name__]}',
    '{action: hashmod, target_label: a}',
    '{action: hashmod, target_label: a, modulus: 8}',
    '{action: hashmod, target_label: a, modulus: -8}',
    '{action: hashmod, modulus: 8}',
    '{action: lowercase, target_label: a}',
    '{action: lowercase, target_label: a, replacement: b}',
    '{action: lowercase, source_labels: [a]}',
    '{action: keepequal, target_label: a, source_labels: [b]}',
    '{action: keepequal, target_label: a, source_labels: [b], separator: x}',
    '{action: labelmap, regex: a}',
    '{action: labelmap, regex: a, replacement: ""}',
    '{action: labeldrop, regex: a}',
    '{action: labeldrop, regex: a, source_labels: [b]}',
    '{action: labelkeep, regex: a, target_label: b}',
    '{action: keep}',
    '{action: drop, regex: 5}',
  ].map(relabel),
  ...[
    'static_configs: [{targets: [a]}]',
    'static_configs: [{targets: [a], labels: {__scheme__: https}}]',
    'static_configs: [{targets: ["http://a"]}]',
    'static_configs: [{targets: ["a/b"]}]',
    'static_configs: [{target: [a]}]',
    'scheme: https, path_prefix: /a/, timeout: 5s, api_version: v2',
    'api_version: v1',
    'timeout: x',
    'basic_auth: {username: a, password: b}, bearer_token: c',
    'authorization: {type: basic, credentials: a}',
    'tls_config: {insecure_skip_verify: true}',
    'http_headers: {X-A: {values: [a], secrets: [b]}}',
    'http_headers: {Authorization: {values: [a]}}',
    'http_headers: {User-Agent: {values: [a]}}',
    'http_headers: {X-A: [a]}',
  ].map(manager),
  ...[
    'name: a',
    'remote_timeout: 5s',
    'protobuf_message: io.prometheus.write.v2.Request',
    'protobuf_message: v2',
    'headers: {X-A: b}',
    'headers: {Authorization: b}',
    'headers: {content-type: b}',
    'send_native_histograms: true',
    'queue_config: {batch_send_deadline: 1s, retry_on_http_429: true, sample_age_limit: 1h}',
    'queue_config: {shards: 1}',
    'metadata_config: {send: false, send_interval: 1m, max_samples_per_send: 5}',
    'write_relabel_configs: [{}]',
    'write_relabel_configs: [{action: keep}]',
    'round_robin_dns: false',
  ].map(write),
  'remote_write: [{}]',
  'remote_write: [{url: "http://a"}, {url: "http://b"}]',
  'remote_write: [{url: "http://a", name: x}, {url: "http://b", name: x}]',
  'remote_write: [{url: "http://user:password@a/x?y=z"}]',
];

t.test('the sections of rules are accepted and rejected as in Prometheus', { skip }, async (t) => {
  const server = await startPrometheus(t);
  for (const yaml of SECTIONS) {
    const expected = await tryReload(server, yaml);
    const actual = tryParse(server, yaml);
    t.equal(
      actual === undefined,
      expected === undefined,
      `${yaml}\n${actual ?? 'accepted'}\n${expected ?? 'accepted'}`,
    );
  }
});

/** A random number generator with a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ['a', 'b', 'b1', 'b2', 'größe.x', 'Ab_c', 'job'];
const VALUES = [
  '',
  'x',
  'foo',
  'foo-bar',
  'FOO',
  'a.b.c:9090',
  'straße',
  'ΟΔΟΣ',
  '日本',
  'x;y',
  '$1',
  'a\nb',
];
const REGEXES = [
  '(.*)',
  '.+',
  '',
  'f.*',
  '(f)(o*)(-.*)?',
  '([^.:]*).*',
  '(?P<first>.)(?P<rest>.*)',
  '(?i)foo',
  '.;.',
  '[a-z]+',
];
const REPLACEMENTS = [
  '$1',
  '${1}x',
  '$1x',
  '$first-$rest',
  '',
  'const',
  '$$1',
  '${2}${1}',
  '$3',
  '$0',
  '${first',
  '$',
];
const TARGETS = ['a', 'n', 'größe.y', '${1}', 'pre_$1', '$first', 'x-$2'];
/** Map no two labels to one name: the order of labels is random in Prometheus' discovery. */
const MAP_REGEXES = ['b(.*)', 'größe\\.(.*)', '([a-zA-Z].*)', 'none'];
const NAME_REGEXES = ['b(.*)', '([a-b]).*', 'größe\\.(.*)', '[a-zA-Z].*', 'none'];

/** A rule that is valid in Prometheus and leaves the labels alone that scraping needs. */
function randomRule(random: () => number): Partial<RelabelSettings> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const sourceLabels = Array.from({ length: Math.floor(random() * 3) }, () => pick(NAMES));
  const regex = pick(REGEXES);
  const separator = pick([';', '', '--']);
  const plainTarget = pick(['a', 'n', 'größe.y']);
  switch (pick(['replace', 'replace', 'replace', 'keep', 'drop', 'equal', 'hash', 'map', 'names', 'case'])) {
    case 'keep':
      return { action: 'keep', sourceLabels, separator, regex };
    case 'drop':
      return { action: 'drop', sourceLabels, separator, regex };
    case 'equal':
      return { action: pick(['keepequal', 'dropequal']), sourceLabels, targetLabel: plainTarget };
    case 'hash':
      return {
        action: 'hashmod',
        sourceLabels,
        separator,
        targetLabel: plainTarget,
        modulus: pick([1, 7, 1000, 2 ** 40]),
      };
    case 'map':
      return { action: 'labelmap', regex: pick(MAP_REGEXES), replacement: pick(['m_$1', 'x$1', '${1}y']) };
    case 'names':
      return random() < 0.5
        ? { action: 'labeldrop', regex: pick(NAME_REGEXES) }
        : { action: 'labelkeep', regex: `__.*|${pick(NAME_REGEXES)}` };
    case 'case':
      return { action: pick(['lowercase', 'uppercase']), sourceLabels, separator, targetLabel: plainTarget };
    default:
      return {
        action: 'replace',
        sourceLabels,
        separator,
        regex,
        targetLabel: pick(TARGETS),
        replacement: pick(REPLACEMENTS),
      };
  }
}

interface ApiTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

t.test('random relabelling rules have the results of Prometheus', { skip }, async (t) => {
  const seed = randomSeed(7);
  const random = generator(seed);
  const server = await startPrometheus(t);
  const jobs = Array.from({ length: randomRuns(600) }, (_, i) => {
    const labels = NAMES.filter((name) => name !== 'job' && random() < 0.7).map(
      (name) => [name, VALUES[Math.floor(random() * VALUES.length)]!] as const,
    );
    const rules = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      ...DEFAULT_RELABEL,
      ...randomRule(random),
    }));
    return { name: `job${i}`, labels: Object.fromEntries(labels), rules };
  });
  const config = JSON.stringify({
    global: { scrape_interval: '1h', scrape_timeout: '1s' },
    scrape_configs: jobs.map(({ name, labels, rules }) => ({
      job_name: name,
      static_configs: [{ targets: ['127.0.0.1:1'], labels }],
      relabel_configs: rules.map((rule) => ({
        action: rule.action,
        ...(rule.sourceLabels.length > 0 && { source_labels: rule.sourceLabels }),
        ...(rule.separator !== ';' && { separator: rule.separator }),
        // Prometheus compares whether the regex has been set.
        ...(rule.regex !== '(.*)' && { regex: rule.regex }),
        ...(rule.modulus !== 0 && { modulus: rule.modulus }),
        ...(rule.targetLabel !== '' && { target_label: rule.targetLabel }),
        ...(rule.replacement !== '$1' && { replacement: rule.replacement }),
      })),
    })),
  });
  t.equal(await tryReload(server, config), undefined);

  const found = new Map<string, ApiTarget>();
  const deadline = Date.now() + 60_000;
  while (found.size < jobs.length && Date.now() < deadline) {
    const response = await fetch(`${server.url}/api/v1/targets?state=any`);
    const { data } = (await response.json()) as {
      data: { activeTargets: ApiTarget[]; droppedTargets: ApiTarget[] };
    };
    for (const target of data.activeTargets) found.set(target.discoveredLabels['job']!, target);
    for (const { discoveredLabels } of data.droppedTargets)
      found.set(discoveredLabels['job']!, { discoveredLabels });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.equal(found.size, jobs.length);

  let dropped = 0;
  for (const { name, rules } of jobs) {
    const { discoveredLabels, labels } = found.get(name)!;
    const result = new Relabeler(rules).tryRelabel(Labels.from(discoveredLabels));
    const shown =
      result &&
      Object.fromEntries([
        ['instance', discoveredLabels['__address__']!],
        ...[...result].filter(([label]) => !label.startsWith('__')),
      ]);
    if (shown === undefined) dropped++;
    t.same(shown, labels, `seed ${seed}: ${JSON.stringify({ rules, discoveredLabels })}`);
  }
  t.ok(dropped > 0 && dropped < jobs.length / 2, `${dropped} dropped`);
});
