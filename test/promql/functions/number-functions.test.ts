import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import {
  bucketQuantile,
  ELEMENT_FUNCTIONS,
  formatPlain,
  formatShort,
  quantileOf,
  tryParseBound,
} from '../../../src/promql/functions/index.js';

t.test('floats are printed without an exponent, as count_values needs them', async (t) => {
  const cases: readonly [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [1e21, '1000000000000000000000'],
    [1.25e22, '12500000000000000000000'],
    [1e-7, '0.0000001'],
    [-1.5e-8, '-0.000000015'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ];
  for (const [value, expected] of cases) t.equal(formatPlain(value), expected);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = formatPlain(value);
      return !text.includes('e') && Object.is(Number(text), value);
    }),
  );
});

t.test('floats in messages are as short as %g prints them', async (t) => {
  const cases: readonly [number, string][] = [
    [2, '2'],
    [-0.5, '-0.5'],
    [100000, '100000'],
    [1000000, '1e+06'],
    [1234567, '1.234567e+06'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
  ];
  for (const [value, expected] of cases) t.equal(formatShort(value), expected);
});

t.test('a quantile lies between its neighbours by rank, NaN lowest', async (t) => {
  t.equal(quantileOf(0.5, Float64Array.of(3, 1, 2)), 2);
  t.equal(quantileOf(0.25, Float64Array.of(1, 2)), 1.25);
  t.ok(Number.isNaN(quantileOf(0, Float64Array.of(1, NaN))));
  t.equal(quantileOf(1, Float64Array.of(1, NaN)), 1);
  t.equal(quantileOf(-1, Float64Array.of(1)), -Infinity);
  t.equal(quantileOf(2, Float64Array.of(1)), Infinity);
  t.ok(Number.isNaN(quantileOf(0.5, new Float64Array(0))));
  t.ok(Number.isNaN(quantileOf(NaN, Float64Array.of(1))));
});

t.test('a quantile of many values is the one of the sorted values', async (t) => {
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
    'an organ pipe': (i: number) => Math.min(i, 20_000 - i),
    'all equal': () => 1,
    'a saw': (i: number) => i % 17,
  })) {
    const values = Array.from({ length: 20_000 }, (_, i) => at(i));
    for (const q of [0, 0.1, 0.5, 0.999, 1])
      t.equal(quantileOf(q, Float64Array.from(values)), bySorting(q, values), `${name}, ${q}`);
  }
});

t.test('buckets of equal bounds count together, and rounding is no decrease', async (t) => {
  const ask = (
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
    ask(0.5, [
      [1, 2],
      [1, 2],
      [2, 8],
      [Infinity, 8],
    ]),
    { value: 1, monotonicityFix: undefined },
  );
  t.same(
    ask(0.5, [
      [1, 10],
      [2, 10 - 1e-12],
      [Infinity, 10],
    ]),
    { value: 0.5, monotonicityFix: undefined },
  );
  t.match(
    ask(0.9, [
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
    ask(0.5, [
      [-2, 4],
      [1, 8],
      [Infinity, 8],
    ]).value,
    -2,
    'the lowest bucket of negative values',
  );
  t.ok(
    Number.isNaN(
      ask(0.5, [
        [1, 0],
        [Infinity, 0],
      ]).value,
    ),
    'no observations',
  );
  t.ok(
    Number.isNaN(
      ask(0.5, [
        [1, 1],
        [2, 2],
      ]).value,
    ),
    'no bucket for the infinite',
  );
  t.ok(Number.isNaN(ask(0.5, [[Infinity, 2]]).value), 'one bucket');
});

t.test('a bucket bound is a decimal number or an infinity', async (t) => {
  for (const [text, bound] of [
    ['0.5', 0.5],
    ['+1e3', 1000],
    ['.5', 0.5],
    ['+Inf', Infinity],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['', undefined],
    ['0x10', undefined],
    ['1 ', undefined],
    ['1e', undefined],
  ] as const) {
    t.equal(tryParseBound(text), bound, text);
  }
});

t.test('the calendar agrees with the dates of JavaScript, where it has them', async (t) => {
  const ask = (name: string, seconds: number): number => ELEMENT_FUNCTIONS.get(name)!.bind([])(seconds, 0);
  fc.assert(
    fc.property(fc.integer({ min: -8e12, max: 8e12 }), (seconds) => {
      const date = new Date(seconds * 1000);
      const year = date.getUTCFullYear();
      const dayMs = 86_400_000;
      const january = new Date(0);
      january.setUTCFullYear(year, 0, 1);
      const nextMonth = new Date(0);
      nextMonth.setUTCFullYear(year, date.getUTCMonth() + 1, 0);
      t.equal(ask('year', seconds), year);
      t.equal(ask('month', seconds), date.getUTCMonth() + 1);
      t.equal(ask('day_of_month', seconds), date.getUTCDate());
      t.equal(ask('day_of_week', seconds), date.getUTCDay());
      t.equal(ask('day_of_year', seconds), Math.floor((date.getTime() - january.getTime()) / dayMs) + 1);
      t.equal(ask('days_in_month', seconds), nextMonth.getUTCDate());
      t.equal(ask('hour', seconds), date.getUTCHours());
      t.equal(ask('minute', seconds), date.getUTCMinutes());
    }),
    { numRuns: 200 },
  );
  // What is no 64-bit integer is, on amd64, the least one, whose date wraps around.
  t.equal(ask('year', NaN), 292277026596);
  t.equal(ask('hour', Infinity), 15);
});

t.test('an infinite bound of a clamp holds for NaN too, as in Go', async (t) => {
  t.equal(ELEMENT_FUNCTIONS.get('clamp_max')!.bind([Float64Array.of(-Infinity)])(NaN, 0), -Infinity);
  t.equal(ELEMENT_FUNCTIONS.get('clamp_min')!.bind([Float64Array.of(Infinity)])(NaN, 0), Infinity);
  t.ok(Number.isNaN(ELEMENT_FUNCTIONS.get('clamp_min')!.bind([Float64Array.of(1)])(NaN, 0)));
});
