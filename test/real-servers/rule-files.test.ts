// Rule files and configuration keys, each read by a real Prometheus and by promfed.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import {
  type RealServer,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { tryReload } from '../helpers/real-servers/try-reload.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const skip = withoutRealServers();

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
