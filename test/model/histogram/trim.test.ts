import fc from 'fast-check';
import t from 'tap';

import {
  bucketsOf,
  createHistogram,
  CUSTOM_BUCKETS,
  equalHistograms,
  trimHistogram,
  type Histogram,
} from '../../../src/model/index.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';

const counts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 });

function totalOf(histogram: Histogram): number {
  return bucketsOf(histogram).reduce((sum, { count }) => sum + count, 0);
}

const exponential: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 1e-9, 0.001),
    zeroCount: fc.integer({ min: 0, max: 5 }),
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

/** Custom buckets with positive bounds: each observation is then kept either below or above any point. */
const custom: fc.Arbitrary<Histogram> = fc
  .record({ bounds: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }), counts })
  .map(({ bounds, counts }) => {
    const kept = counts.slice(0, bounds.length);
    return createHistogram({
      schema: CUSTOM_BUCKETS,
      customValues: bounds.sort((a, b) => a - b),
      positive: denseBuckets(0, kept),
      count: kept.reduce((all, count) => all + count, 0),
    });
  });

const points = fc.double({ min: 0.01, max: 30, noNaN: true });

t.test('the observations below and above a point add up to all of them', (t) => {
  fc.assert(
    fc.property(fc.oneof(exponential, custom), points, fc.boolean(), (histogram, size, mirrored) => {
      const point = mirrored && histogram.schema !== CUSTOM_BUCKETS ? -size : size;
      const below = trimHistogram(histogram, point, 'below');
      const above = trimHistogram(histogram, point, 'above');
      const all = totalOf(histogram);
      t.ok(Math.abs(totalOf(below) + totalOf(above) - all) <= 1e-9 * (all + 1));
      t.ok(Math.abs(below.count + above.count - all) <= 1e-9 * (all + 1));
    }),
  );
  t.end();
});

t.test(
  'all kept observations are on their side of the point, and their number changes monotonically with it',
  (t) => {
    fc.assert(
      fc.property(exponential, points, points, (histogram, a, b) => {
        const [near, far] = [Math.min(a, b), Math.max(a, b)];
        const below = trimHistogram(histogram, near, 'below');
        t.ok(below.count <= trimHistogram(histogram, far, 'below').count + 1e-9);
        t.ok(bucketsOf(below).every(({ lower }) => lower < near));
        const above = trimHistogram(histogram, far, 'above');
        t.ok(above.count <= trimHistogram(histogram, near, 'above').count + 1e-9);
        t.ok(bucketsOf(above).every(({ upper }) => upper > far));
      }),
    );
    t.end();
  },
);

t.test('the count of a trimmed histogram is that of its buckets, and the input is unchanged', (t) => {
  const side = fc.constantFrom('below' as const, 'above' as const);
  const anyPoint = fc.oneof(points, fc.constantFrom(0, -0, Infinity, -Infinity, -3, 1e308, -1e308));
  fc.assert(
    fc.property(exponential, anyPoint, side, (histogram, point, side) => {
      const before = JSON.stringify(histogram);
      const trimmed = trimHistogram(histogram, point, side);
      t.equal(JSON.stringify(histogram), before);
      t.ok(Math.abs(totalOf(trimmed) - trimmed.count) <= 1e-9 * (trimmed.count + 1));
      t.ok(Number.isFinite(trimmed.sum));
      t.notOk([...trimmed.positive.counts, ...trimmed.negative.counts].includes(0));
    }),
  );
  t.end();
});

t.test('trimming at infinity keeps everything', (t) => {
  fc.assert(
    fc.property(fc.oneof(exponential, custom), (histogram) => {
      t.ok(equalHistograms(trimHistogram(histogram, Infinity, 'below'), histogram));
      t.ok(equalHistograms(trimHistogram(histogram, -Infinity, 'above'), histogram));
    }),
  );
  t.end();
});

t.test('buckets that extend to infinity are not interpolated', (t) => {
  const top = createHistogram({
    positive: { indices: [1025], counts: [2] },
    negative: { indices: [1025], counts: [3] },
    count: 5,
    sum: NaN,
  });
  const cases = [
    { side: 'below', point: 1, count: 3, sum: -3 * Number.MAX_VALUE },
    { side: 'above', point: 1, count: 2, sum: 2 * Number.MAX_VALUE },
    { side: 'below', point: Infinity, count: 5, sum: NaN },
  ] as const;
  for (const { side, point, count, sum } of cases) {
    const trimmed = trimHistogram(top, point, side);
    t.equal(trimmed.count, count);
    t.same(trimmed.sum, sum);
  }
  t.end();
});
