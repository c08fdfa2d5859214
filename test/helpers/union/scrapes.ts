// Replicas that scrape the same targets at different times, each with its own gaps.

import { random, type TestSeries, type TestValue } from '../series/series-set.js';

export interface Scrapes {
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
  readonly offsetMs: number;
  /** Maximum distance of a scrape from its regular time. */
  readonly jitterMs: number;
  /** Seeds the jitter. */
  readonly seed: string;
  readonly gaps: readonly ScrapeGap[];
}

/** Times without scrapes: from `fromMs`, inclusive, to `toMs`. */
export interface ScrapeGap {
  readonly fromMs: number;
  readonly toMs: number;
  /** True when scrapes failed, so that series end with stale markers; false when the replica was down. */
  readonly isMarked: boolean;
}

/**
 * Returns the series that one replica has. A scrape sees the last sample of a series at its time, if that is newer
 * than the scrape before or the interval, and writes a stale marker if a series has ended since the scrape before.
 */
export function scrape<Value extends TestValue>(
  truth: readonly TestSeries<Value | 'stale'>[],
  scrapes: Scrapes,
): TestSeries<Value | 'stale'>[] {
  const times = scrapeTimes(scrapes);
  return truth.flatMap(({ labels, timestamps, values }) => {
    const seen: { timeMs: number; value: Value | 'stale' }[] = [];
    let at = -1;
    let wasSeen = false;
    for (const timeMs of times) {
      const atBefore = at;
      while (at + 1 < timestamps.length && timestamps[at + 1]! <= timeMs) at++;
      const gap = scrapes.gaps.find(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
      const isPresent = at >= 0 && values[at] !== 'stale';
      if (gap !== undefined || !isPresent) {
        const isMarked = gap === undefined || gap.isMarked;
        if (wasSeen && isMarked) seen.push({ timeMs, value: 'stale' });
        wasSeen = false;
        continue;
      }
      wasSeen = true;
      if (at > atBefore || timeMs - timestamps[at]! < scrapes.intervalMs)
        seen.push({ timeMs, value: values[at]! });
    }
    if (seen.length === 0) return [];
    return [{ labels, timestamps: seen.map(({ timeMs }) => timeMs), values: seen.map(({ value }) => value) }];
  });
}

function scrapeTimes({ startMs, endMs, intervalMs, offsetMs, jitterMs, seed }: Scrapes): number[] {
  const next = random(seed);
  const times: number[] = [];
  for (let timeMs = startMs + offsetMs; timeMs <= endMs; timeMs += intervalMs) {
    times.push(roundToEighth(timeMs + (next() * 2 - 1) * jitterMs));
  }
  return times.filter((timeMs) => timeMs <= endMs);
}

/** Rounds to an eighth of a second, so that sums of times are exact. */
function roundToEighth(timeMs: number): number {
  return Math.round(timeMs / 125) * 125;
}

/** Returns the same series, with a reset of every counter at `resetMs`. */
export function withReset(truth: readonly TestSeries[], resetMs: number): TestSeries[] {
  return truth.map((series) => {
    if (!/_total$|_bucket$|_count$|_sum$/.test(series.labels['__name__']!)) return series;
    let base = 0;
    let isReset = false;
    const values = series.values.map((value, i) => {
      if (value === 'stale') return value;
      const before = series.values[i - 1];
      if (series.timestamps[i]! >= resetMs && !isReset) {
        isReset = true;
        base = value;
      } else if (typeof before === 'number' && value < before) {
        base = 0;
      }
      return value - base;
    });
    return { ...series, values };
  });
}
