// Quantiles by selection, against sorting.

import fc from 'fast-check';
import t from 'tap';

import { quantileOf } from '../../../../src/promql/functions/index.js';
import { quantileOfSorted } from '../../../../src/promql/functions/quantile/quantile.js';
import { selectRank } from '../../../../src/promql/functions/quantile/select-rank.js';

const q = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 1, NaN, -0.1, 1.1, -0), fc.double({ min: 0, max: 1 }));
const few = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, -1, 2);
const lists = fc.oneof(
  fc.array(fc.double(), { maxLength: 300 }),
  fc.array(few, { maxLength: 300 }),
  fc.array(fc.nat(5), { maxLength: 300 }),
);

t.test('is the value between the ranks that sorting puts there, to the sign of a zero', async () => {
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

/** Layouts that make plain quickselect quadratic, or that have many equal values. */
const layouts: Record<string, (i: number, n: number) => number> = {
  ascending: (i) => i,
  descending: (i, n) => n - i,
  'all equal': () => 7,
  'an organ pipe': (i, n) => Math.min(i, n - i),
  'two values': (i) => i % 2,
  'a saw': (i) => i % 100,
  'against a median of three': (i, n) =>
    i < n / 2 ? (i % 2 === 0 ? i + 1 : n / 2 + i) : (i - n / 2 + 1) * 2,
};

for (const [name, layout] of Object.entries(layouts)) {
  t.test(`finds every rank of ${name}`, async (t) => {
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
