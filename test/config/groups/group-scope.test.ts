// `label_filter`, `absolute_time_range` and `relative_time_range`: their settings and errors.

import t from 'tap';

import { parseConfig, type LoadedConfig } from '../../../src/config/index.js';
import { ConfigError } from '../../../src/config/config-error.js';

const parse = (keys: string): LoadedConfig =>
  parseConfig(`promxy: {server_groups: [{static_configs: [{targets: [a]}], ${keys}}]}`, 'c.yaml');

t.test('time ranges are parsed as by promxy', async (t) => {
  const cases: [keys: string, expected: unknown][] = [
    ['', undefined],
    ['absolute_time_range: {}', undefined],
    ['absolute_time_range: {truncate: true}', undefined],
    ['absolute_time_range: {start: 0001-01-01T00:00:00Z, end: 0001-01-01T00:00:00Z}', undefined],
    [
      'absolute_time_range: {start: 2026-01-31T12:00:00Z}',
      { kind: 'absolute', startMs: Date.UTC(2026, 0, 31, 12), endMs: undefined, truncate: false },
    ],
    [
      'absolute_time_range: {start: 2026-01-31, end: "2026-02-01T01:00:00.0015+02:00", truncate: true}',
      {
        kind: 'absolute',
        startMs: Date.UTC(2026, 0, 31),
        endMs: Date.UTC(2026, 0, 31, 23, 0, 0, 1),
        truncate: true,
      },
    ],
    [
      'absolute_time_range: {end: 2026-1-31 2:03:04}',
      { kind: 'absolute', startMs: undefined, endMs: Date.UTC(2026, 0, 31, 2, 3, 4), truncate: false },
    ],
    [
      'relative_time_range: {start: -2160h, end: -72h, truncate: yes}',
      { kind: 'relative', startMs: -7_776_000_000, endMs: -259_200_000, truncate: true },
    ],
    [
      'relative_time_range: {start: -1d, end: 1h}',
      { kind: 'relative', startMs: -86_400_000, endMs: 3_600_000, truncate: false },
    ],
    ['relative_time_range: {start: 0}', { kind: 'relative', startMs: 0, endMs: undefined, truncate: false }],
    [
      'relative_time_range: {end: -1.5s}',
      { kind: 'relative', startMs: undefined, endMs: -1500, truncate: false },
    ],
  ];
  for (const [keys, expected] of cases)
    t.same(parse(keys).settings.serverGroups[0]?.timeRange, expected, keys);
});

t.test('a label filter without labels is dropped', async (t) => {
  t.equal(parse('label_filter: {}').settings.serverGroups[0]?.labelFilter, undefined);
  const { settings, warnings } = parse(
    'label_filter: {static_labels_include: {__name__: [up, 5], job: a}, static_labels_exclude: {job: [b], x: y}}',
  );
  t.match(settings.serverGroups[0]?.labelFilter, {
    include: [
      ['__name__', ['up', '5']],
      ['job', ['a']],
    ],
    exclude: [
      ['job', ['b']],
      ['x', ['y']],
    ],
  });
  t.match(parse('label_filter: {dynamic_labels: [a, b, a]}').settings.serverGroups[0]?.labelFilter, {
    dynamicLabels: ['a', 'b'],
    syncIntervalMs: 300_000,
  });
  const dynamic = parse(
    'label_filter: {dynamic_labels: a, sync_interval: 1m30s, static_labels_exclude: {a: [b]}}',
  );
  t.match(dynamic.settings.serverGroups[0]?.labelFilter, { dynamicLabels: ['a'], syncIntervalMs: 90_000 });
  t.same(dynamic.warnings, []);
  t.equal(warnings.length, 1);
  t.match(warnings[0], /static_labels_exclude\.x: has no effect/);
});

t.test('the hash depends on filters and ranges', async (t) => {
  const hashes = [
    '',
    'label_filter: {static_labels_include: {a: [x]}}',
    'label_filter: {static_labels_include: {a: [y]}}',
    'relative_time_range: {end: 1s}',
    'relative_time_range: {end: 1s, truncate: true}',
    'relative_time_range: {start: 1s}',
  ].map((keys) => parse(keys).hash);
  t.equal(new Set(hashes).size, hashes.length);
});

t.test('invalid filters and ranges are rejected', async (t) => {
  const cases: [keys: string, problem: RegExp][] = [
    [
      'absolute_time_range: {start: soon}',
      /absolute_time_range\.start: invalid timestamp "soon"; use RFC 3339/,
    ],
    ['absolute_time_range: {start: 2026-02-30}', /invalid timestamp "2026-02-30"/],
    ['absolute_time_range: {start: 2026-02-03T24:00:00Z}', /invalid timestamp/],
    ['absolute_time_range: {start: 1700000000}', /invalid timestamp "1700000000"/],
    ['absolute_time_range: {from: 2026-02-03}', /unknown key "from"/],
    ['relative_time_range: {start: -5}', /missing unit in duration "5"/],
    ['relative_time_range: {start: --5s}', /must not be negative/],
    ['relative_time_range: {start: 2026-02-03}', /not a valid duration/],
    ['relative_time_range: {start: -1h, end: -2h}', /time_range\.end: must not be before start/],
    [
      'absolute_time_range: {start: 2026-02-03, end: 2026-02-02}',
      /time_range\.end: must not be before start/,
    ],
    [
      'absolute_time_range: {start: 2026-02-03}, relative_time_range: {start: -1h}',
      /at most one of absolute_time_range and relative_time_range/,
    ],
    ['label_filter: {static_labels_include: {"": [a]}}', /label name must not be empty/],
    ['label_filter: {static_labels_include: [a]}', /must be a mapping; got a list/],
    ['label_filter: {dynamic_labels: [""]}', /label name must not be empty/],
    ['label_filter: {sync_interval: 5m}', /sync_interval: requires dynamic_labels/],
    ['label_filter: {dynamic_labels: [a], sync_interval: 5}', /missing unit in duration "5"/],
    ['label_filter: {static_label_include: {a: b}}', /did you mean "static_labels_include"/],
  ];
  for (const [keys, problem] of cases) {
    let error: unknown;
    try {
      parse(keys);
    } catch (thrown) {
      error = thrown;
    }
    t.ok(error instanceof ConfigError, keys);
    t.match((error as Error).message, problem, keys);
  }
});
