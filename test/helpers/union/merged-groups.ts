// The samples of groups that no label distinguishes, as docs/regions-that-share-series.md describes them. Simple and slow:
// each stale marker is judged on its own.

import type { TestSeries, TestValue } from '../series/series-set.js';

interface Sample<Value extends TestValue = TestValue> {
  readonly timeMs: number;
  readonly value: Value;
}

/** Returns the series of several groups, in the order of their precedence, as those of one server. */
export function mergedGroups<Value extends TestValue>(
  groups: readonly (readonly TestSeries<Value>[])[],
): TestSeries<Value>[] {
  const byLabels = new Map<string, TestSeries<Value>[]>();
  for (const series of groups.flat()) {
    const key = JSON.stringify(Object.entries(series.labels).sort());
    byLabels.set(key, [...(byLabels.get(key) ?? []), series]);
  }
  return [...byLabels.values()].map(merge);
}

function merge<Value extends TestValue>(copies: readonly TestSeries<Value>[]): TestSeries<Value> {
  const all = copies.map(({ timestamps, values }) =>
    timestamps.map((timeMs, i): Sample<Value> => ({ timeMs, value: values[i]! })),
  );
  const byTime = new Map<number, Value>();
  for (const own of all) {
    const others = all.filter((other) => other !== own);
    for (const { timeMs, value } of own) {
      const isDropped = value === 'stale' && others.some((other) => continues(other, own, timeMs));
      if (!isDropped && !byTime.has(timeMs)) byTime.set(timeMs, value);
    }
  }
  const samples = [...byTime].sort(([x], [y]) => x - y);
  return {
    labels: copies[0]!.labels,
    timestamps: samples.map(([timeMs]) => timeMs),
    values: samples.map(([, value]) => value),
  };
}

/** Reports whether a copy has not ended at the stale marker of another one. */
function continues(other: readonly Sample[], ended: readonly Sample[], markerMs: number): boolean {
  const before = other.filter(({ timeMs }) => timeMs <= markerMs);
  const latest = before.at(-1);
  if (latest === undefined || latest.value === 'stale') return false;
  const last = ended.findLast(({ timeMs, value }) => timeMs < markerMs && value !== 'stale');
  const lastMs = last?.timeMs ?? -Infinity;
  if (latest.timeMs > lastMs) return true;
  const distances = distancesOf(before);
  if (distances.length === 0) return false;
  distances.sort((x, y) => x - y);
  const median = distances[Math.ceil(distances.length / 2) - 1]!;
  const unit = median < 10_000 ? 1000 : 5000;
  const interval = Math.round(median / unit) * unit;
  return interval > 1.5 * (markerMs - lastMs) && markerMs - latest.timeMs <= 1.5 * interval;
}

/** Returns the distances between the last nine samples that no stale marker separates. */
function distancesOf(samples: readonly Sample[]): number[] {
  const lastMarker = samples.slice(0, -1).findLastIndex(({ value }) => value === 'stale');
  const times = samples
    .slice(lastMarker + 1)
    .slice(-9)
    .map(({ timeMs }) => timeMs);
  return times.slice(1).map((timeMs, i) => timeMs - times[i]!);
}
