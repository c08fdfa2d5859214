import t from 'tap';

import { bucketQuantile, tryParseBound } from '../../../../src/promql/functions/index.js';

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

t.test('a bucket bound is a decimal number, an infinity or NaN', async (t) => {
  for (const [text, bound] of [
    ['0.5', 0.5],
    ['+1e3', 1000],
    ['.5', 0.5],
    ['+Inf', Infinity],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['nan', NaN],
    ['', undefined],
    ['0x10', undefined],
    ['1 ', undefined],
    ['1e', undefined],
  ] as const) {
    t.strictSame(tryParseBound(text), bound, text);
  }
});
