// Layouts of groups that no label distinguishes, whose series move from one to another. The times of the moves, the stale
// markers, the duplicates and the resets depend on the seed.

import { random, withLabels, type TestSeries } from '../series/series-set.js';
import { endMs } from './cases.js';
import { mergedGroups } from './merged-groups.js';
import type { UnionGroup } from './prometheus-union.js';
import { unionSeries } from './series.js';

const MINUTE_MS = 60_000;
const startMs = endMs - 75 * MINUTE_MS;
const INTERVAL_MS = 15_000;

export interface MovingCase {
  readonly name: string;
  readonly groupLabels: Readonly<Record<string, readonly string[]>>;
  readonly groups: (seed: number) => readonly UnionGroup[];
}

type Region = readonly TestSeries[];

/** VictoriaMetrics does not store NaN, which is a value of this metric. */
const ODD = 'odd';

export const movingCases: readonly MovingCase[] = [
  {
    name: 'Prometheus and Prometheus',
    groupLabels: {},
    groups: (seed) => overlapping(moved(truth('eu'), seed, 2)),
  },
  {
    name: 'Prometheus and VictoriaMetrics',
    groupLabels: {},
    groups: (seed: number): UnionGroup[] => {
      const [first, second] = moved(truth('eu', [ODD]), seed, 2);
      const odd = truth('eu').filter(({ labels }) => labels['__name__'] === ODD);
      const [older, newer] = overlapping([[...first!, ...odd], second!]);
      return [older!, { ...newer!, product: 'victoriametrics' }];
    },
  },
  {
    name: 'VictoriaMetrics with native semantics and Prometheus',
    groupLabels: {},
    groups: (seed: number): UnionGroup[] => {
      const [first, second] = moved(truth('us', [ODD]), seed + 1, 2);
      const odd = truth('us').filter(({ labels }) => labels['__name__'] === ODD);
      const [older, newer] = overlapping([first!, [...second!, ...odd]]);
      return [{ ...older!, product: 'victoriametrics', settings: { semantics: 'native' } }, newer!];
    },
  },
  {
    name: 'three groups of one region, and another region',
    groupLabels: { region: ['eu', 'us'] },
    groups: (seed) => [
      ...overlapping(moved(truth('eu'), seed, 3), { region: 'eu' }),
      { labels: { region: 'us' }, targets: [truth('us', ['queue_depth'])] },
    ],
  },
];

function truth(region: string, omit: readonly string[] = []): Region {
  return unionSeries(region, { startMs, endMs }, omit);
}

/** Groups without labels of their own, or with equal ones. The last of them has the union for the reference. */
function overlapping(
  regions: readonly Region[],
  labels: Readonly<Record<string, string>> = {},
): UnionGroup[] {
  const union = mergedGroups(regions.map((series) => withLabels(series, labels)));
  return regions.map((series, i) => ({
    labels,
    targets: [series],
    whole: i === regions.length - 1 ? union : [],
  }));
}

/** Distributes the samples of each series to regions. */
function moved(series: Region, seed: number, count: number): readonly Region[] {
  const regions: TestSeries[][] = Array.from({ length: count }, () => []);
  for (const one of series) {
    const next = random(`${JSON.stringify(one.labels)} ${seed}`);
    const stays = staysOf(one, next, count);
    for (const [region, samples] of stays.entries()) {
      if (samples.length === 0) continue;
      regions[region]!.push({
        labels: one.labels,
        timestamps: samples.map(({ timeMs }) => timeMs),
        values: samples.map(({ value }) => value),
      });
    }
  }
  return regions;
}

interface Sample {
  readonly timeMs: number;
  readonly value: number | 'stale';
}

/** Returns the samples of one series in each region, ascending. */
function staysOf(series: TestSeries, next: () => number, count: number): readonly Sample[][] {
  const found = Array.from({ length: count }, () => new Map<number, number | 'stale'>());
  // Markers are judged alike in every window for intervals of up to two minutes. That of `sparse` is seven minutes.
  const hasMarkers = series.labels['__name__'] !== 'sparse';
  const isCounter = /_total$|_bucket$|_count$/.test(series.labels['__name__']!);
  const moves = movesOf(next);
  let region = Math.floor(next() * count);
  let base = 0;
  for (const [i, fromMs] of moves.entries()) {
    const untilMs = moves[i + 1] ?? Infinity;
    // A region that has the series for a while after the move, each with scrapes of its own.
    const lateMs = next() < 0.3 ? Math.floor(next() * 6) * MINUTE_MS : 0;
    const phaseMs = next() < 0.3 ? 125 * Math.floor(next() * 80) : 0;
    const isReset = isCounter && i > 0 && next() < 0.4;
    const own = found[region]!;
    let last: number | undefined;
    let isEnded = false;
    for (const [at, timeMs] of series.timestamps.entries()) {
      if (timeMs < fromMs || timeMs >= untilMs + lateMs) continue;
      const value = series.values[at]!;
      if (isReset && last === undefined && value !== 'stale') base = value;
      last = timeMs + phaseMs;
      isEnded = value === 'stale';
      if (last <= endMs) own.set(last, value === 'stale' ? value : rebased(value, base));
    }
    const markerMs = last === undefined || isEnded || !hasMarkers ? undefined : markerAfter(last, next);
    if (untilMs !== Infinity && markerMs !== undefined && markerMs <= endMs && !own.has(markerMs)) {
      own.set(markerMs, 'stale');
    }
    region = (region + 1 + Math.floor(next() * (count - 1))) % count;
  }
  return found.map((samples) =>
    [...samples].sort(([x], [y]) => x - y).map(([timeMs, value]) => ({ timeMs, value })),
  );
}

function rebased(value: number, base: number): number {
  return value >= base ? value - base : value;
}

/** Returns the times from which the series is in one region after another. Most moves are in the last 35 minutes. */
function movesOf(next: () => number): readonly number[] {
  const moves = Array.from({ length: Math.floor(next() * 4) }, () => {
    const ageMs = next() < 0.8 ? next() * 35 * MINUTE_MS : next() * 70 * MINUTE_MS;
    return endMs - Math.floor(ageMs / 125) * 125;
  });
  return [-Infinity, ...moves.sort((x, y) => x - y)];
}

/** Returns the time of the stale marker, at most one interval after the last sample; undefined without a marker. */
function markerAfter(lastMs: number, next: () => number): number | undefined {
  const kind = next();
  if (kind < 0.35) return undefined;
  return kind < 0.55 ? lastMs + INTERVAL_MS : lastMs + 125 * Math.ceil((next() * INTERVAL_MS) / 125);
}
