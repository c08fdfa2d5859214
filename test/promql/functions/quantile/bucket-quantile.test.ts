import t from 'tap';

import { bucketQuantile } from '../../../../src/promql/functions/index.js';

t.test('counts of equal bounds are added, rounding is ignored and decreases are reported', async (t) => {
  const quantile = (
    q: number,
    buckets: readonly (readonly [number, number])[],
  ): ReturnType<typeof bucketQuantile> =>
    bucketQuantile(
      q,
      Float64Array.from(buckets, ([bound]) => bound),
      Float64Array.from(buckets, ([, count]) => count),
      buckets.length,
    );
  t.same(
    quantile(0.5, [
      [1, 2],
      [1, 2],
      [2, 8],
      [Infinity, 8],
    ]),
    { value: 1, monotonicityFix: undefined },
  );
  t.same(
    quantile(0.5, [
      [1, 10],
      [2, 10 - 1e-12],
      [Infinity, 10],
    ]),
    { value: 0.5, monotonicityFix: undefined },
  );
  t.match(
    quantile(0.9, [
      [1, 10],
      [2, 4],
      [Infinity, 20],
    ]),
    {
      value: 2,
      monotonicityFix: { minBound: 2, maxBound: 2, maxDifference: 6 },
    },
  );
  t.equal(
    quantile(0.5, [
      [-2, 4],
      [1, 8],
      [Infinity, 8],
    ]).value,
    -2,
    'a lowest bucket with a negative bound returns its bound',
  );
  t.ok(
    Number.isNaN(
      quantile(0.5, [
        [1, 0],
        [Infinity, 0],
      ]).value,
    ),
    'no observations',
  );
  t.ok(
    Number.isNaN(
      quantile(0.5, [
        [1, 1],
        [2, 2],
      ]).value,
    ),
    'no +Inf bucket',
  );
  t.ok(Number.isNaN(quantile(0.5, [[Infinity, 2]]).value), 'one bucket');
});
