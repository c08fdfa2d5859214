import fc from 'fast-check';
import t from 'tap';

import {
  boundOf,
  bucketsOf,
  createHistogram,
  CUSTOM_BUCKETS,
  detectReset,
  divideHistogram,
  equalHistograms,
  HistogramSum,
  multiplyHistogram,
  tryAddHistograms,
  trySubtractHistograms,
  type Histogram,
} from '../../../src/model/index.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';

const counts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 });

/** Histograms with integer counts, which add up without rounding. */
const exponential: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 0.001, 0.5, 3),
    zeroCount: fc.integer({ min: 0, max: 5 }),
    sum: fc.integer({ min: -50, max: 50 }),
    offset: fc.integer({ min: -8, max: 8 }),
    positive: counts,
    negative: counts,
  })
  .map(({ offset, positive, negative, ...rest }) =>
    createHistogram({
      ...rest,
      positive: denseBuckets(offset, positive),
      negative: denseBuckets(offset, negative),
      count: [...positive, ...negative].reduce((sum, count) => sum + count, rest.zeroCount),
    }),
  );

const custom: fc.Arbitrary<Histogram> = fc
  .record({
    bounds: fc.uniqueArray(fc.integer({ min: -5, max: 9 }), { maxLength: 5 }),
    counts,
    sum: fc.integer({ min: -50, max: 50 }),
  })
  .map(({ bounds, counts, sum }) => {
    const kept = counts.slice(0, bounds.length + 1);
    return createHistogram({
      schema: CUSTOM_BUCKETS,
      customValues: bounds.sort((a, b) => a - b),
      positive: denseBuckets(0, kept),
      count: kept.reduce((all, count) => all + count, 0),
      sum,
    });
  });

const pairs = fc.oneof(fc.tuple(exponential, exponential), fc.tuple(custom, custom));

function observations(histogram: Histogram): number {
  return bucketsOf(histogram).reduce((sum, { count }) => sum + count, 0);
}

t.test('addition of two histograms is commutative', async (t) => {
  fc.assert(
    fc.property(pairs, ([a, b]) =>
      equalHistograms(tryAddHistograms(a, b)!.histogram, tryAddHistograms(b, a)!.histogram),
    ),
  );
  t.pass();
});

t.test('addition keeps all observations when layouts differ', async (t) => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const { histogram } = tryAddHistograms(a, b)!;
      return (
        histogram.count === a.count + b.count && observations(histogram) === observations(a) + observations(b)
      );
    }),
  );
  t.pass();
});

t.test('a histogram minus itself is empty, and subtraction undoes addition', async (t) => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const nothing = trySubtractHistograms(a, a)!.histogram;
      const sum = tryAddHistograms(a, b)!.histogram;
      const rest = trySubtractHistograms(sum, b)!.histogram;
      return (
        observations(nothing) === 0 &&
        observations(rest) === observations(a) &&
        rest.count === a.count &&
        rest.sum === a.sum
      );
    }),
  );
  t.pass();
});

t.test('a decrease is a counter reset, and an increase is not', async (t) => {
  fc.assert(
    fc.property(exponential, (a) => {
      const grown = multiplyHistogram(a, 2);
      return !detectReset(grown, a) && (a.count === 0 || detectReset(a, grown));
    }),
  );
  t.pass();
});

t.test('a compensated sum equals the plain sum, and a mean that sum divided by the count', async (t) => {
  fc.assert(
    fc.property(fc.array(exponential, { minLength: 1, maxLength: 5 }), (all) => {
      const [sum, mean] = [new HistogramSum(all[0]!, false), new HistogramSum(all[0]!, true)];
      for (const next of all.slice(1)) if (!sum.tryAdd(next) || !mean.tryAdd(next)) return false;
      const expected = all
        .slice(1)
        .reduce((total, next) => tryAddHistograms(total, next)!.histogram, all[0]!);
      return (
        equalHistograms(sum.total, expected) &&
        equalHistograms(mean.total, divideHistogram(expected, all.length))
      );
    }),
  );
  t.pass();
});

t.test('compensation keeps small values between large ones', async (t) => {
  const [first, ...rest] = [1, 1e100, 1, -1e100].map((sum) => createHistogram({ sum, count: 1 }));
  const total = new HistogramSum(first!, false);
  for (const next of rest) total.tryAdd(next);
  t.equal(total.total.sum, 2);
});

t.test('adding exponential and custom buckets returns undefined', async (t) => {
  t.equal(tryAddHistograms(createHistogram(), createHistogram({ schema: CUSTOM_BUCKETS })), undefined);
});

t.test('different custom bounds are reduced to the common ones', async (t) => {
  const a = createHistogram({
    schema: CUSTOM_BUCKETS,
    customValues: [1, 2, 5],
    positive: denseBuckets(0, [1, 1, 1, 1]),
  });
  const b = createHistogram({ ...a, customValues: [2, 3], positive: denseBuckets(0, [10, 10, 10]) });
  const { histogram, reconciled } = tryAddHistograms(a, b)!;
  t.equal(reconciled, true);
  t.same(histogram.customValues, [2]);
  t.same(histogram.positive, denseBuckets(0, [12, 22]));
});

t.test('a zero bucket that ends inside a populated bucket covers all of it', async (t) => {
  const a = createHistogram({ zeroThreshold: 3, zeroCount: 1 });
  const b = createHistogram({ positive: denseBuckets(1, [5, 6, 7]) });
  const { histogram } = tryAddHistograms(a, b)!;
  t.equal(histogram.zeroThreshold, 4);
  t.equal(histogram.zeroCount, 12);
  t.same(histogram.positive, denseBuckets(3, [7]));
});

t.test('division by zero removes all buckets', async (t) => {
  const { count, positive } = divideHistogram(
    createHistogram({ count: 1, positive: denseBuckets(0, [1]) }),
    0,
  );
  t.equal(count, Infinity);
  t.same(positive.counts, []);
});

t.test('bucket bounds equal those of Prometheus to the last bit', async (t) => {
  // From model/histogram/generic.go for schemas 3 and 8; `2 ** x` has other last digits.
  const schema3 = [
    0.5, 0.5452538663326288, 0.5946035575013605, 0.6484197773255048, 0.7071067811865475, 0.7711054127039704,
    0.8408964152537144, 0.9170040432046711,
  ];
  t.same(
    schema3.map((_, i) => boundOf(i - 8, 3, [])),
    schema3,
  );
  t.same(
    schema3.map((_, i) => boundOf(i + 16, 3, [])),
    schema3.map((bound) => bound * 8),
  );
  const schema8 = [0.5, 0.5013556375251013, 0.5027149505564014, 0.5040779490592088, 0.5054446430258502];
  t.same(
    schema8.map((_, i) => boundOf(i - 256, 8, [])),
    schema8,
  );
  t.equal(boundOf(-3, 2, []), 0.5946035575013605);
  for (let schema = -4; schema <= 8; schema++) {
    const last = 1024 * 2 ** schema;
    t.equal(boundOf(last, schema, []), Number.MAX_VALUE);
    t.equal(boundOf(last + 1, schema, []), Infinity);
    t.equal(boundOf(0, schema, []), 1);
  }
  t.equal(boundOf(1024 * 8 - 1, 3, []), 0.9170040432046711 * 2 * 2 ** 1023);
  t.equal(boundOf(-1074 * 2 - 1, 1, []), 2 ** -1074, 'rounded up from 0.7 of the smallest float');
  t.equal(boundOf(-1075 * 2 - 1, 1, []), 0);
});
