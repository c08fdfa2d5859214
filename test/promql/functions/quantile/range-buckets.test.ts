// Quantiles and fractions by the rules of VictoriaMetrics. The expected values are those of VictoriaMetrics 1.145, see
// test/real-servers/vmrange.test.ts.

import t from 'tap';

import { rangeFraction, rangeQuantile } from '../../../../src/promql/functions/index.js';

type Buckets = readonly (readonly [bound: number, count: number])[];

function apply(
  func: (bounds: Float64Array, counts: Float64Array, length: number) => number,
  buckets: Buckets,
): number {
  const bounds = Float64Array.from(buckets, ([bound]) => bound);
  const counts = Float64Array.from(buckets, ([, count]) => count);
  return func(bounds, counts, buckets.length);
}

const quantile = (q: number, buckets: Buckets): number =>
  apply((bounds, counts, length) => rangeQuantile(q, bounds, counts, length), buckets);
const fraction = (from: number, to: number, buckets: Buckets): number =>
  apply((bounds, counts, length) => rangeFraction(from, to, bounds, counts, length), buckets);

/** 10 observations in 1...2 and 30 in 4...8. */
const TWO: Buckets = [
  [1, 0],
  [2, 10],
  [4, 10],
  [8, 40],
  [Infinity, 40],
];

t.test('quantiles', async (t) => {
  const cases: readonly [name: string, actual: number, expected: number][] = [
    ['the lowest value is the start of the first range with observations', quantile(0, TWO), 1],
    ['within the first range', quantile(0.125, TWO), 1.5],
    ['at the end of a range', quantile(0.25, TWO), 2],
    ['within the second range', quantile(0.625, TWO), 6],
    ['the highest value', quantile(1, TWO), 8],
    ['below 0', quantile(-0.1, TWO), -Infinity],
    ['above 1', quantile(1.1, TWO), Infinity],
    ['NaN', quantile(NaN, TWO), NaN],
    ['the infinite bucket has the highest finite bound', quantile(0.9, [[3, 1], [Infinity, 9]]), 3], // prettier-ignore
    ['the infinite bucket alone', quantile(0.9, [[Infinity, 9]]), NaN],
    ['a missing infinite bucket', quantile(0.5, [[2, 4]]), 1],
    ['without observations', quantile(0.5, [[1, 0], [Infinity, 0]]), NaN], // prettier-ignore
    ['without observations, below 0', quantile(-1, [[1, 0], [Infinity, 0]]), NaN], // prettier-ignore
    ['without buckets', quantile(0.5, []), NaN],
    ['a decrease', quantile(0.5, [[1, 4], [2, 2], [Infinity, 4]]), 0.5], // prettier-ignore
    ['a bucket without a sample', quantile(0.5, [[1, NaN], [2, NaN], [3, 4], [Infinity, NaN]]), 2.5], // prettier-ignore
    ['a negative infinite bound', quantile(0.5, [[-Infinity, 1], [2, 1], [Infinity, 1]]), 2], // prettier-ignore
  ];
  for (const [name, actual, expected] of cases) t.equal(String(actual), String(expected), name);
});

t.test('fractions', async (t) => {
  const cases: readonly [name: string, actual: number, expected: number][] = [
    ['everything', fraction(-Infinity, Infinity, TWO), 1],
    ['below a bound', fraction(0, 2, TWO), 0.25],
    ['within ranges', fraction(1.5, 6, TWO), 0.5],
    ['between ranges', fraction(2, 4, TWO), 0],
    ['above the last range', fraction(8, Infinity, TWO), 0],
    ['negative values', fraction(-5, -1, TWO), 0],
    ['an empty interval', fraction(2, 2, TWO), 0],
    ['an inverted interval', fraction(6, 2, TWO), 0],
    ['NaN', fraction(NaN, 2, TWO), NaN],
    ['the infinite bucket has the share of the bound below it', fraction(0, 5, [[3, 1], [Infinity, 4]]), 0.25], // prettier-ignore
    ['without observations', fraction(-1, Infinity, [[1, 0], [Infinity, 0]]), NaN], // prettier-ignore
    ['without buckets', fraction(0, 1, []), NaN],
  ];
  for (const [name, actual, expected] of cases) t.equal(String(actual), String(expected), name);
});
