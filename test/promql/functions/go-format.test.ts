import fc from 'fast-check';
import t from 'tap';

import { formatFixed, formatPlain, formatShort } from '../../../src/promql/functions/index.js';

t.test('formatPlain prints floats without an exponent', async (t) => {
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

t.test('formatShort prints floats as %g does', async (t) => {
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

t.test('formatFixed prints floats as %f does', async (t) => {
  const cases: readonly [number, string][] = [
    [0, '0.000000'],
    [-0, '-0.000000'],
    [1.5, '1.500000'],
    [2 ** 63, '9223372036854775808.000000'],
    [-1e22, '-10000000000000000000000.000000'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
  ];
  for (const [value, expected] of cases) t.equal(formatFixed(value), expected);
});
