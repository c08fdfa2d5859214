// Warnings of server groups whose series may be equal.

import t from 'tap';

import { parseConfig } from '../../../src/config/index.js';

t.test('groups without a distinguishing label are a warning that names both', async (t) => {
  const yaml = [
    'promxy:',
    '  server_groups:',
    '    - {static_configs: [{targets: [a]}], labels: {region: a}}',
    '    - {static_configs: [{targets: [b]}], labels: {region: b}}',
    '    - {static_configs: [{targets: [c]}], labels: {region: b}, name: other}',
  ].join('\n');
  const { warnings } = parseConfig(yaml, 'c.yaml');
  t.equal(warnings.length, 1);
  t.match(warnings[0], /^c\.yaml:5:7: server groups "b" and "other" cannot be distinguished by their labels/);
});

t.test('one warning names all groups of an overlapping set, up to five', async (t) => {
  const group = (name: string, keys: string): string =>
    `    - {name: ${name}, static_configs: [{targets: [a]}], ${keys}}\n`;
  const warningsOf = (...groups: string[]): readonly string[] =>
    parseConfig(`promxy:\n  server_groups:\n${groups.join('')}`, 'c.yaml').warnings;
  t.match(
    warningsOf(group('a', 'labels: {r: x}'), group('b', 'labels: {r: y}'), group('c', 'labels: {s: z}')),
    [
      /^c\.yaml:4:7: server groups "a", "b" and "c" cannot be distinguished .* transfer raw samples and are computed in promfed; .*relative_time_range/,
    ],
  );
  const [only, ...others] = warningsOf(...Array.from({ length: 100 }, (_, i) => group(`g${i}`, '')));
  t.match(only, /^c\.yaml:4:7: server groups "g0", "g1", "g2", "g3", "g4" and 95 more cannot/);
  t.same(others, []);
  t.same(warningsOf(group('a', 'labels: {r: x}'), group('b', 'labels: {r: y}')), []);
  const old = group('old', 'absolute_time_range: {end: 2026-01-01}');
  const recent = group('recent', 'absolute_time_range: {start: 2026-01-01}');
  t.match(warningsOf(old, recent), [
    /"old" and "recent" share their series by their time ranges: .* or within the ranges of several groups/,
  ]);
  const both = warningsOf(old, recent, group('x', 'labels: {r: x}'), group('y', 'labels: {s: x}'));
  t.equal(both.length, 2);
  t.match(both[0], /"old", "recent", "x" and "y" share their series/);
  t.match(both[1], /^c\.yaml:6:7: server groups "x" and "y" cannot be distinguished/);
});
