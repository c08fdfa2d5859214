// Groups of the tests of pruning: with declared and learned label values, and with time ranges.

import { Labels, type LabelFilter, type TimeBounds } from '../../../../src/model/index.js';
import type { PlannedGroup } from '../../../../src/promql/plan/index.js';
import { GroupFilter } from '../../../../src/upstreams/learn/group-filter.js';

export function group(name: string, more: Partial<PlannedGroup> = {}): PlannedGroup {
  return { name, labels: Labels.from({}), replicated: false, ...more };
}

interface Declared {
  readonly include?: Record<string, string[]>;
  readonly exclude?: Record<string, string[]>;
  /** A label without values is not learned yet. */
  readonly learned?: Record<string, string[] | undefined>;
}

export function filter({ include = {}, exclude = {}, learned = {} }: Declared): { filter: LabelFilter } {
  const settings = {
    dynamicLabels: Object.keys(learned),
    syncIntervalMs: 1,
    include: Object.entries(include),
    exclude: Object.entries(exclude),
  };
  const values = Object.entries(learned).flatMap(([label, own]) =>
    own === undefined ? [] : [[label, new Set(own)] as const],
  );
  return { filter: new GroupFilter(settings).with(new Map(values)) };
}

export const filtered = [
  group(
    'nodes',
    filter({ include: { job: ['node', 'kubelet', 'old'] }, exclude: { job: ['old'], team: ['x'] } }),
  ),
  group('apps', { labels: Labels.from({ job: 'app' }) }),
  group('other'),
];

export const learning = [
  group('a', filter({ learned: { job: ['x', 'both'] }, exclude: { job: ['not-a'] } })),
  group('b', filter({ learned: { job: ['y', 'both', 'more'] }, include: { job: ['declared'] } })),
  group('pending', filter({ learned: { job: undefined }, include: { job: ['declared'] } })),
  group('named', { labels: Labels.from({ job: 'z' }) }),
];

export const bounds = (startMs?: number, endMs?: number, truncate = false): { bounds: TimeBounds } => ({
  bounds: { startMs, endMs, truncate },
});

/** The query's steps go from 1,000 s to 4,600 s. */
export const split = [group('old', bounds(undefined, 2_000_000)), group('new', bounds(2_000_001))];
export const truncating = [
  group('old', bounds(undefined, 2_000_000, true)),
  group('new', bounds(2_000_001, undefined, true)),
];
export const named = (truncate: boolean): PlannedGroup[] => [
  group('eu', { labels: Labels.from({ region: 'eu' }), ...bounds(undefined, 2_000_000, truncate) }),
  group('us', { labels: Labels.from({ region: 'us' }) }),
];

export const overlapping = [group('old', bounds(undefined, 2_600_000)), group('new', bounds(2_000_001))];
export const gapped = [group('old', bounds(undefined, 2_000_000)), group('new', bounds(2_600_000))];
export const three = [
  group('old', bounds(undefined, 2_000_000)),
  group('middle', bounds(2_000_001, 3_000_000)),
  group('new', bounds(3_000_001)),
];
