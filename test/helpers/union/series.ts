// The series of a region in the union tests: those of seriesSet, and others.

import { random, seriesSet, type TestSeries } from '../series/series-set.js';

export interface UnionTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Returns the series of one region: those of seriesSet, `passing` with pods that end, `sparse` with few samples, `odd`
 * with NaN and infinite values, and `pod_info` with the node of each pod. Every region has the same pods.
 */
export function unionSeries(
  region: string,
  { startMs, endMs }: UnionTimes,
  omit: readonly string[] = [],
): TestSeries[] {
  const times = Array.from({ length: (endMs - startMs) / 15_000 + 1 }, (_, i) => startMs + i * 15_000);
  const next = random(region);
  const series = seriesSet({ region, startMs, endMs, namespaces: 2, pods: 3, omit });
  const add = (
    name: string,
    labels: object,
    at: readonly number[],
    value: (i: number) => number | 'stale',
  ): void => {
    if (omit.includes(name)) return;
    series.push({
      labels: { __name__: name, ...labels },
      timestamps: at,
      values: at.map((_, i) => value(i)),
    });
  };
  for (const n of [0, 1]) {
    for (const p of [0, 1, 2]) {
      const labels = { namespace: `ns-${n}`, pod: `pod-${p}` };
      add('pod_info', { ...labels, node: `node-${(n + p) % 2}` }, times, () => 1);
      const ends = times.length - 60 - 20 * p;
      add('passing', labels, times.slice(0, ends), (i) =>
        i === ends - 1 ? 'stale' : Math.floor(next() * 64) / 4,
      );
    }
    const labels = { namespace: `ns-${n}`, pod: 'pod-0' };
    const seldom = times.filter((_, i) => i % 28 === n);
    add('sparse', labels, seldom, (i) => i * 3 + n);
    const odd = [NaN, Infinity, -Infinity, 0, -0, 1, 2];
    add('odd', labels, times, (i) => odd[Math.floor(i / 9 + next() * 2) % odd.length]!);
  }
  return series;
}

/** Removes samples from `fromMs`, inclusive, to `toMs`. The gap begins with a stale marker, which ends lookback. */
export function withGap(
  all: readonly TestSeries[],
  gap: { readonly fromMs: number; readonly toMs: number },
): TestSeries[] {
  return all.map(({ labels, timestamps, values }) => {
    const kept = timestamps.map((timeMs) => timeMs < gap.fromMs || timeMs >= gap.toMs);
    const first = kept.indexOf(false);
    return {
      labels,
      timestamps: timestamps.filter((_, i) => kept[i]! || i === first),
      values: values.flatMap((value, i) => (i === first ? ['stale' as const] : kept[i]! ? [value] : [])),
    };
  });
}
