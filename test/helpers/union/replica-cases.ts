// Layouts of regions whose replicas are out of step. Offsets, jitter and gaps depend on the seed.

import { random, type TestSeries } from '../series/series-set.js';
import { endMs } from './cases.js';
import { mergedReplicas } from './merged-replicas.js';
import type { UnionGroup } from './prometheus-union.js';
import { scrape, withReset, type ScrapeGap } from './scrapes.js';
import { unionSeries } from './series.js';

const startMs = endMs - 75 * 60_000;
const MINUTE_MS = 60_000;

export interface ReplicaCase {
  readonly name: string;
  readonly groups: (seed: number) => readonly UnionGroup[];
}

/** The replicas of one region, and times relative to the end without scrapes for each of them. */
interface Region {
  readonly region: string;
  readonly intervalMs: number;
  readonly gaps: readonly (readonly MinuteGap[])[];
  /** Minutes before the end at which every counter is reset. */
  readonly resetMinute?: number;
}

/** From some minutes before the end to others. */
type MinuteGap = readonly [from: number, to: number, kind: 'down' | 'failing'];

const RESET_MINUTE = 16;

export const replicaCases: readonly ReplicaCase[] = [
  {
    name: 'a leader without gaps',
    groups: regions([
      { region: 'eu', intervalMs: 30_000, gaps: [[], [[20, 12, 'down']]] },
      { region: 'us', intervalMs: 60_000, gaps: [[], []] },
      { region: 'ap', intervalMs: 15_000, gaps: [[], [[25, 5, 'failing']], []] },
    ]),
  },
  {
    name: 'a leader with gaps',
    groups: regions([
      { region: 'eu', intervalMs: 30_000, gaps: [[[20, 12, 'down']], []], resetMinute: RESET_MINUTE },
      {
        region: 'us',
        intervalMs: 60_000,
        gaps: [
          [
            [26, 22, 'failing'],
            [9, 3, 'down'],
          ],
          [],
        ],
        resetMinute: RESET_MINUTE,
      },
      {
        region: 'ap',
        intervalMs: 15_000,
        gaps: [
          [
            [28, 27.4, 'down'],
            [18, 10, 'failing'],
          ],
          [],
        ],
        resetMinute: RESET_MINUTE,
      },
    ]),
  },
  {
    name: 'gaps of all replicas',
    groups: regions([
      {
        region: 'eu',
        intervalMs: 15_000,
        gaps: [
          [
            [27, 19, 'down'],
            [14, 12, 'failing'],
          ],
          [
            [22, 17, 'failing'],
            [8, 2, 'down'],
          ],
        ],
        resetMinute: 20,
      },
      {
        region: 'us',
        intervalMs: 30_000,
        gaps: [[[24, 14, 'failing']], [[19, 10, 'down']], [[16, 6, 'failing']]],
        resetMinute: RESET_MINUTE,
      },
      {
        region: 'ap',
        intervalMs: 60_000,
        gaps: [[[20, 8, 'down']], [[12, 3, 'down']]],
        resetMinute: RESET_MINUTE,
      },
    ]),
  },
];

function regions(all: readonly Region[]): ReplicaCase['groups'] {
  return (seed) => all.map((region) => group(region, random(`${region.region} ${seed}`)));
}

/** The metric `sparse`, whose interval of seven minutes is too long to find gaps in ranges, needs a leader without gaps. */
function group({ region, intervalMs, gaps, resetMinute }: Region, next: () => number): UnionGroup {
  const truth = unionSeries(region, { startMs: startMs - 2 * MINUTE_MS, endMs }, [
    ...(region === 'us' ? ['queue_depth'] : []),
    ...(gaps[0]!.length > 0 ? ['sparse'] : []),
  ]);
  const known = resetMinute === undefined ? truth : withReset(truth, endMs - resetMinute * MINUTE_MS);
  const jitterMs = Math.floor(next() * 0.08 * intervalMs);
  const targets = gaps.map((list, i) => {
    // The first samples of a scrape are never before those of the truth.
    const offsetMs = jitterMs + Math.floor(next() * intervalMs);
    const scrapeGaps = list.map(([from, to, kind]): ScrapeGap => {
      const shiftMs = Math.floor(next() * 2 * MINUTE_MS);
      return {
        fromMs: endMs - from * MINUTE_MS + shiftMs,
        toMs: endMs - to * MINUTE_MS + shiftMs,
        isMarked: kind === 'failing',
      };
    });
    const seed = `${region} ${i} ${jitterMs}`;
    return scrape(known, { startMs, endMs, intervalMs, offsetMs, jitterMs, seed, gaps: scrapeGaps });
  });
  return {
    labels: { region },
    targets,
    whole: wholeOf(targets, gaps),
    settings: { anti_affinity: undefined },
  };
}

/** The series of the leader if it has no gaps. */
function wholeOf(
  targets: readonly (readonly TestSeries[])[],
  gaps: readonly (readonly MinuteGap[])[],
): readonly TestSeries[] {
  return gaps[0]!.length === 0 ? targets[0]! : mergedReplicas(targets);
}
