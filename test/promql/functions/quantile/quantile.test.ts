// Quantiles by selection agree with quantiles by sorting.

import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import { quantileOf } from '../../../../src/promql/functions/index.js';
import { quantileOfLong, quantileOfSorted } from '../../../../src/promql/functions/quantile/quantile.js';
import { selectRank } from '../../../../src/promql/functions/quantile/select-rank.js';

const q = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 1, NaN, -0.1, 1.1, -0), fc.double({ min: 0, max: 1 }));
const few = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, -1, 2);
const lists = fc.oneof(
  fc.array(fc.double(), { maxLength: 300 }),
  fc.array(few, { maxLength: 300 }),
  fc.array(fc.nat(5), { maxLength: 300 }),
);

t.test('a quantile is interpolated between neighbouring ranks, and NaN ranks lowest', async (t) => {
  t.equal(quantileOf(0.5, Float64Array.of(3, 1, 2)), 2);
  t.equal(quantileOf(0.25, Float64Array.of(1, 2)), 1.25);
  t.ok(Number.isNaN(quantileOf(0, Float64Array.of(1, NaN))));
  t.equal(quantileOf(1, Float64Array.of(1, NaN)), 1);
  t.equal(quantileOf(-1, Float64Array.of(1)), -Infinity);
  t.equal(quantileOf(2, Float64Array.of(1)), Infinity);
  t.ok(Number.isNaN(quantileOf(0.5, new Float64Array(0))));
  t.ok(Number.isNaN(quantileOf(NaN, Float64Array.of(1))));
});

t.test('a quantile that is computed with pauses equals the one that is not', async () => {
  const pauses = { due: true, pause: () => Promise.resolve() };
  await fc.assert(
    fc.asyncProperty(q, lists, async (q, values) => {
      const expected = quantileOf(q, Float64Array.from(values));
      assert.deepStrictEqual(await quantileOfLong(q, Float64Array.from(values), pauses), expected);
    }),
  );
});

t.test('a quantile of many values equals that of the sorted values', async (t) => {
  const bySorting = (q: number, values: readonly number[]): number => {
    const nans = values.filter(Number.isNaN);
    const sorted = [...nans, ...values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)];
    const rank = q * (sorted.length - 1);
    const [lower, weight] = [Math.floor(rank), rank - Math.floor(rank)];
    return sorted[lower]! * (1 - weight) + sorted[Math.min(sorted.length - 1, lower + 1)]! * weight;
  };
  const value = fc.oneof(
    fc.double(),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(NaN, Infinity, -Infinity),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 200 }),
      fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 0.9, 1)),
      (values, q) => {
        const [found, expected] = [quantileOf(q, Float64Array.from(values)), bySorting(q, values)];
        assert.ok(
          found === expected || (Number.isNaN(found) && Number.isNaN(expected)),
          `${found}, not ${expected}`,
        );
      },
    ),
    { numRuns: 2_000 },
  );
  for (const [name, at] of Object.entries({
    ascending: (i: number) => i,
    descending: (i: number) => -i,
    'organ pipe': (i: number) => Math.min(i, 20_000 - i),
    'all equal': () => 1,
    sawtooth: (i: number) => i % 17,
  })) {
    const values = Array.from({ length: 20_000 }, (_, i) => at(i));
    for (const q of [0, 0.1, 0.5, 0.999, 1])
      t.equal(quantileOf(q, Float64Array.from(values)), bySorting(q, values), `${name}, ${q}`);
  }
});

t.test('selection returns the same value as sorting, including the sign of zero', async () => {
  fc.assert(
    fc.property(q, lists, (at, list) =>
      Object.is(
        quantileOf(at, Float64Array.from(list)),
        quantileOfSorted(at, Float64Array.from(list).sort()),
      ),
    ),
    { numRuns: 5000 },
  );
});

/** Layouts with quadratic cost in plain quickselect, or with many equal values. */
const layouts: Record<string, (i: number, n: number) => number> = {
  ascending: (i) => i,
  descending: (i, n) => n - i,
  'all equal': () => 7,
  'organ pipe': (i, n) => Math.min(i, n - i),
  'two values': (i) => i % 2,
  sawtooth: (i) => i % 100,
  'adversarial for median of three': (i, n) =>
    i < n / 2 ? (i % 2 === 0 ? i + 1 : n / 2 + i) : (i - n / 2 + 1) * 2,
};

for (const [name, layout] of Object.entries(layouts)) {
  t.test(`selection finds every rank (${name})`, async (t) => {
    const n = 2000;
    const values = Float64Array.from({ length: n }, (_, i) => layout(i, n));
    const sorted = values.slice().sort();
    for (let rank = 0; rank < n; rank += 37) {
      const selected = values.slice();
      selectRank(selected, rank);
      t.equal(selected[rank], sorted[rank]);
      t.ok(selected.subarray(0, rank).every((value) => value <= sorted[rank]!));
      t.ok(selected.subarray(rank).every((value) => value >= sorted[rank]!));
    }
  });
}
