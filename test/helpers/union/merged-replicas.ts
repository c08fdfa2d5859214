// The samples of merged replicas, as docs/regions-that-share-series.md describes them. Simple and slow: each sample is
// judged on its own.

import type { TestSeries, TestValue } from '../series/series-set.js';

interface Sample<Value extends TestValue = TestValue> {
  readonly timeMs: number;
  readonly value: Value;
}

/** Returns the series of several replicas of the same targets, in the order of their precedence, as those of one. */
export function mergedReplicas<Value extends TestValue>(
  replicas: readonly (readonly TestSeries<Value>[])[],
): TestSeries<Value>[] {
  const merged = new Map<string, TestSeries<Value>>();
  for (const series of replicas.flat()) {
    const key = JSON.stringify(Object.entries(series.labels).sort());
    const leader = merged.get(key);
    merged.set(key, leader === undefined ? series : merge(leader, series));
  }
  return [...merged.values()];
}

function merge<Value extends TestValue>(
  leader: TestSeries<Value>,
  other: TestSeries<Value>,
): TestSeries<Value> {
  const a = samplesOf(leader);
  const b = samplesOf(other);
  const values = a.filter(({ value }) => value !== 'stale').map(({ timeMs }) => timeMs);
  const fillings = b.filter(({ value }) => value !== 'stale').map(({ timeMs }) => timeMs);
  const isUsed = (timeMs: number): boolean => fills(timeMs, values, fillings);
  const kept = a.filter(
    ({ timeMs, value }) => value !== 'stale' || !isFilledOver(timeMs, { values, fillings, b, isUsed }),
  );
  const added = b.filter(({ timeMs, value }, i) => {
    if (value !== 'stale') return isUsed(timeMs);
    const before = b[i - 1];
    // The marker ends a sample that was used, unless the leader has continued.
    return (
      before !== undefined &&
      before.value !== 'stale' &&
      isUsed(before.timeMs) &&
      !values.some((own) => own > before.timeMs && own <= timeMs)
    );
  });
  const times = new Set(added.map(({ timeMs }) => timeMs));
  const all = [...kept.filter(({ timeMs, value }) => value !== 'stale' || !times.has(timeMs)), ...added];
  all.sort((x, y) => x.timeMs - y.timeMs);
  return {
    labels: leader.labels,
    timestamps: all.map(({ timeMs }) => timeMs),
    values: all.map(({ value }) => value),
  };
}

function samplesOf<Value extends TestValue>({ timestamps, values }: TestSeries<Value>): Sample<Value>[] {
  return timestamps.map((timeMs, i) => ({ timeMs, value: values[i]! }));
}

/** Reports whether a sample of the other replica is used in a gap of the leader. */
function fills(timeMs: number, values: readonly number[], fillings: readonly number[]): boolean {
  if (values.length === 0) return true;
  const before = values.filter((own) => own <= timeMs);
  const after = values.filter((own) => own >= timeMs);
  const [last = -Infinity, first = Infinity] = [before.at(-1), after[0]];
  const interval = intervalAt(before, after, fillings, last);
  const isFarEnough = (other: number): boolean =>
    other - last >= interval / 2 && first - other > interval / 2;
  if (!isFarEnough(timeMs)) return false;
  const inGap = fillings.filter((other) => other > last && other < first && isFarEnough(other));
  const length =
    last === -Infinity ? first - inGap[0]! : first === Infinity ? inGap.at(-1)! - last : first - last;
  return length > 1.5 * interval;
}

function intervalAt(
  before: readonly number[],
  after: readonly number[],
  fillings: readonly number[],
  last: number,
): number {
  const distances = [...distancesOf(before.slice(-9)), ...distancesOf(after.slice(0, 9))];
  if (distances.length < 3) {
    const next = fillings.findIndex((other) => other > last);
    distances.push(...distancesOf(fillings.slice(Math.max(next - 8, 0), next + 9)));
  }
  distances.sort((x, y) => x - y);
  const median = distances[Math.ceil(distances.length / 2) - 1] ?? NaN;
  const unit = median < 10_000 ? 1000 : 5000;
  return Math.round(median / unit) * unit;
}

function distancesOf(times: readonly number[]): number[] {
  return times.slice(1).map((timeMs, i) => timeMs - times[i]!);
}

interface Around {
  readonly values: readonly number[];
  readonly fillings: readonly number[];
  readonly b: readonly Sample[];
  readonly isUsed: (timeMs: number) => boolean;
}

/** Reports whether a stale marker of the leader is in a filled gap, and the other replica has the series at its time. */
function isFilledOver(timeMs: number, { values, fillings, b, isUsed }: Around): boolean {
  const before = values.filter((own) => own <= timeMs);
  const after = values.filter((own) => own >= timeMs);
  const [last = -Infinity, first = Infinity] = [before.at(-1), after[0]];
  if (!fillings.some((other) => other > last && other < first && isUsed(other))) return false;
  const latest = b.filter((sample) => sample.timeMs <= timeMs).at(-1);
  const next = b.find((sample) => sample.timeMs > timeMs);
  if (latest === undefined || latest.value === 'stale' || next?.value === 'stale') return false;
  return timeMs - latest.timeMs <= 1.5 * intervalAt(before, after, fillings, last);
}
