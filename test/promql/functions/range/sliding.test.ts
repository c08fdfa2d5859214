// Sliding windows give bit for bit the results of scanning or sorting each window.

import fc from 'fast-check';
import t from 'tap';

import { RANGE_FUNCTIONS, type Windows } from '../../../../src/promql/functions/index.js';

/** Pauses that are never due. */
const NO_PAUSES = { due: false, pause: () => Promise.resolve() };

/** Neumaier's sum of a window from its first sample, as Prometheus computes it. Independent of the tested code. */
function scannedSum(values: readonly number[], start: number): [sum: number, compensation: number] {
  let sum = start;
  let compensation = 0;
  for (const value of values) {
    const next = sum + value;
    if (Math.abs(next) === Infinity) compensation = 0;
    else if (Math.abs(sum) >= Math.abs(value)) compensation += sum - next + value;
    else compensation += value - next + sum;
    sum = next;
  }
  return [sum, compensation];
}

/** The increase of samples one millisecond apart, the first one at `firstMs`, in the window (−1, 0]. */
function scannedIncrease(values: readonly number[], firstMs: number, isCounter: boolean): number {
  let result = values.at(-1)! - values[0]!;
  if (isCounter) {
    for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) result += values[i - 1]!;
  }
  const [toStart, toEnd] = [(firstMs + 1) / 1000, -(firstMs + values.length - 1) / 1000];
  const sampled = (values.length - 1) / 1000;
  const spacing = sampled / (values.length - 1);
  let before = toStart >= spacing * 1.1 ? spacing / 2 : toStart;
  if (isCounter && result > 0 && values[0]! >= 0) before = Math.min(before, sampled * (values[0]! / result));
  return result * ((sampled + before + (toEnd >= spacing * 1.1 ? spacing / 2 : toEnd)) / sampled);
}

function scannedQuantile(q: number, values: readonly number[]): number {
  const rankOf = (value: number): number => (Number.isNaN(value) ? -Infinity : value);
  const sorted = [...values].sort((a, b) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
    return rankOf(a) < rankOf(b) ? -1 : rankOf(a) > rankOf(b) ? 1 : 0;
  });
  const rank = q * (sorted.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - lower;
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight;
}

/** Returns the extreme and the index of the last sample with that value. */
function scannedExtreme(values: readonly number[], isMax: boolean): [value: number, index: number] {
  let best = 0;
  values.forEach((value, i) => {
    const extreme = values[best]!;
    if ((isMax ? value >= extreme : value <= extreme) || Number.isNaN(extreme)) best = i;
  });
  return [values[best]!, best];
}

const REFERENCES: Readonly<
  Record<string, { atLeast: number; of: (values: readonly number[], firstIndex: number) => number }>
> = {
  sum_over_time: { atLeast: 1, of: (values) => scannedSum(values, 0).reduce((a, b) => a + b) },
  avg_over_time: {
    atLeast: 1,
    of: (values) => {
      const [sum, compensation] = scannedSum(values.slice(1), values[0]!);
      return sum / values.length + compensation / values.length;
    },
  },
  quantile_over_time: { atLeast: 1, of: (values) => scannedQuantile(0.4, values) },
  max_over_time: { atLeast: 1, of: (values) => scannedExtreme(values, true)[0] },
  min_over_time: { atLeast: 1, of: (values) => scannedExtreme(values, false)[0] },
  ts_of_max_over_time: {
    atLeast: 1,
    of: (values, firstIndex) => (firstIndex + scannedExtreme(values, true)[1]) / 1000,
  },
  ts_of_min_over_time: {
    atLeast: 1,
    of: (values, firstIndex) => (firstIndex + scannedExtreme(values, false)[1]) / 1000,
  },
  changes: {
    atLeast: 1,
    of: (values) =>
      values.filter(
        (value, i) => i > 0 && !(value === values[i - 1] || (isNaN(value) && isNaN(values[i - 1]!))),
      ).length,
  },
  resets: { atLeast: 1, of: (values) => values.filter((value, i) => value < values[i - 1]!).length },
  count_over_time: { atLeast: 1, of: (values) => values.length },
  increase: { atLeast: 2, of: (values, firstIndex) => scannedIncrease(values, firstIndex, true) },
  delta: { atLeast: 2, of: (values, firstIndex) => scannedIncrease(values, firstIndex, false) },
};

/** Kinds of values: sums that are exact in any order, sums that are not, and sums close to the limit. */
const VALUES = {
  'small integers': fc.integer({ min: -3, max: 3 }).map((value) => value || 0),
  'integers with sums around 2^53': fc.integer({ min: 2 ** 46, max: 2 ** 48 }),
  'integer counters': fc.integer({ min: 0, max: 1e9 }),
  fractions: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  'finite floats': fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  'numbers and NaN': fc.oneof(
    fc.integer({ min: -5, max: 5 }).map((value) => value || 0),
    fc.constant(NaN),
  ),
};

/** Windows over samples one millisecond apart. Each is given by the movement of its edges. */
function windowsOf(value: fc.Arbitrary<number>): fc.Arbitrary<Windows> {
  return fc
    .record({
      values: fc.array(value, { minLength: 1, maxLength: 80 }),
      moves: fc.array(fc.record({ first: fc.nat(6), end: fc.nat(6) }), { minLength: 1, maxLength: 30 }),
      jump: fc.nat(40),
    })
    .map(({ values, moves, jump }) => {
      const from = new Int32Array(moves.length);
      const to = new Int32Array(moves.length);
      let [first, end] = [0, jump];
      moves.forEach((move, step) => {
        end = Math.min(values.length, end + move.end);
        first = Math.min(end, first + move.first);
        from[step] = first;
        to[step] = end;
      });
      return {
        timestamps: Float64Array.from(values, (_, i) => i),
        values: Float64Array.from(values),
        from,
        to,
        rangeMs: 1,
        firstEndMs: 0,
        endStepMs: 0,
        gridStartMs: 0,
        gridStepMs: 0,
      };
    });
}

for (const [name, { atLeast, of }] of Object.entries(REFERENCES)) {
  for (const [kind, value] of Object.entries(VALUES)) {
    t.test(`${name} of ${kind} equals a scan of each window bit for bit`, async (t) => {
      fc.assert(
        fc.property(windowsOf(value), (windows) => {
          const count = windows.from.length;
          const output = { values: new Float64Array(count), present: new Uint8Array(count) };
          const args = [new Float64Array(count).fill(0.4)];
          void RANGE_FUNCTIONS.get(name)!.start(windows, args, output, NO_PAUSES)(0, count);
          for (let step = 0; step < count; step++) {
            const [from, to] = [windows.from[step]!, windows.to[step]!];
            const hasResult = to - from >= atLeast;
            if ((output.present[step] === 1) !== hasResult) throw new Error(`presence at step ${step}`);
            if (!hasResult) continue;
            const expected = of([...windows.values.subarray(from, to)], from);
            const got = output.values[step]!;
            if (!Object.is(got, expected)) throw new Error(`step ${step}: ${got} for ${expected}`);
          }
        }),
        { numRuns: 200 },
      );
      t.pass();
    });
  }
}
