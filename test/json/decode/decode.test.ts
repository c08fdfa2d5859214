// Decoding: floats correctly rounded, samples on the step grid, raw samples, and rejected samples.

import fc from 'fast-check';
import t from 'tap';

import { decodeColumn, decodeRaw } from '../../../src/json/index.js';
import { emptyColumn, instantGrid, Labels, rangeGrid } from '../../../src/model/index.js';
import { frame, values } from '../../helpers/frame-streams.js';
import { randomRuns } from '../../helpers/random-runs.js';

const GRID = rangeGrid(1_000_000, 1_060_000, 15_000);

function decode(samples: string, grid = GRID): { count: number; values: (number | undefined)[] } {
  const column = emptyColumn(Labels.EMPTY, grid.count);
  const count = decodeColumn(frame({ a: '1' }, samples), grid, column);
  return {
    count,
    values: Array.from(column.values, (value, i) => (column.present[i] === 1 ? value : undefined)),
  };
}

/** Decodes one value. */
function decodeValue(text: string): number {
  return decodeRaw(frame({}, `"values":[[1,${JSON.stringify(text)}]]`)).values[0]!;
}

t.test('samples are decoded onto their steps, and other steps have none', (t) => {
  const u = undefined;
  const cases = [
    {
      name: 'all',
      samples: values([1000, '1'], [1015, '2'], [1030, '3'], [1045, '4'], [1060, '5']),
      expected: [1, 2, 3, 4, 5],
    },
    { name: 'some', samples: values([1015, '-2.5'], [1060, '1e3']), expected: [u, -2.5, u, u, 1000] },
    { name: 'none', samples: '"values":[]', expected: [u, u, u, u, u] },
    { name: 'a frame without members', samples: '', expected: [u, u, u, u, u] },
    {
      name: 'with white space',
      samples: ' "values" : [ [ 1015 , "2" ] , [1030,"3"]\n] ',
      expected: [u, 2, 3, u, u],
    },
    { name: 'a lone value', samples: '"value":[1030,"7"]', expected: [u, u, 7, u, u] },
    {
      name: 'times with decimals and exponents',
      samples: '"values":[[1015.000,"2"],[1.03e3,"3"]]',
      expected: [u, 2, 3, u, u],
    },
    {
      name: 'special values',
      samples: values([1000, 'NaN'], [1015, '+Inf'], [1030, '-Inf'], [1045, '-0'], [1060, 'Inf']),
      expected: [NaN, Infinity, -Infinity, -0, Infinity],
    },
  ];
  for (const { name, samples, expected } of cases) {
    const decoded = decode(samples);
    t.strictSame(decoded.values, expected, name);
    t.ok(
      decoded.values.every((value, i) => Object.is(value, expected[i])),
      name,
    );
    t.equal(decoded.count, expected.filter((value) => value !== undefined).length, name);
  }
  t.end();
});

t.test('milliseconds are exact', (t) => {
  const grid = rangeGrid(1_435_781_451_781, 1_435_781_451_881, 1);
  const samples = Array.from(
    { length: 101 },
    (_, i) => `[${((1_435_781_451_781 + i) / 1000).toString()},"${i}"]`,
  );
  const { count, values } = decode(`"values":[${samples.join(',')}]`, grid);
  t.equal(count, 101);
  t.strictSame(
    values,
    Array.from({ length: 101 }, (_, i) => i),
  );
  t.strictSame(decode('"value":[-1.5,"3"]', instantGrid(-1500)).values, [3]);
  t.end();
});

const offGrid = [
  { name: 'between two steps', samples: values([1001, '1']) },
  { name: 'a millisecond off', samples: values([1015.001, '1']) },
  { name: 'before the first', samples: values([985, '1']) },
  { name: 'after the last', samples: values([1075, '1']) },
  { name: 'a step twice', samples: values([1015, '1'], [1015, '1']) },
  { name: 'back in time', samples: values([1030, '1'], [1015, '1']) },
];

for (const { name, samples } of offGrid) {
  t.test(`a sample off the grid is rejected: ${name}`, async (t) => {
    t.throws(() => decode(samples), {
      code: 'upstream',
      message: /series \{a="1"\} has a sample at .*, which is off the step grid/,
    });
  });
}

t.test('native histograms are rejected, never dropped', (t) => {
  for (const samples of [
    '"histograms":[[1000,{"count":"1"}]]',
    '"histogram":[1000,{"count":"1"}]',
    `${values([1000, '1'])},"histograms":[[1015,{"count":"1"}]]`,
    '"values":[],"histograms":[]',
  ]) {
    t.throws(() => decode(samples), { code: 'unsupported', message: /native histograms/ }, samples);
    t.throws(() => decodeRaw(frame({}, samples)), { code: 'unsupported' }, samples);
  }
  t.end();
});

t.test('malformed samples are rejected', (t) => {
  const malformed = [
    '"values":[[1000,"1"]',
    '"values":[[1000,"1"],]',
    '"values":[[1000,"1"]]]',
    '"values":[[1000,1]]',
    '"values":[[1000,""]]',
    '"values":[[1000,"-"]]',
    '"values":[[1000,"."]]',
    '"values":[[1000,"1.2.3"]]',
    '"values":[[1000,"1e"]]',
    '"values":[[1000,"0x10"]]',
    '"values":[[1000,"1_0"]]',
    '"values":[[1000," 1"]]',
    '"values":[[1000,"Infinity"]]',
    '"values":[[1000,"nan"]]',
    '"values":[[1000,"1\\u0030"]]',
    '"values":[[,"1"]]',
    '"values":[["1000","1"]]',
    '"values":[[1000 "1"]]',
    '"values":[[1e400,"1"]]',
    '"values":[[1000,"1"][1015,"1"]]',
    '"values":[[1000,"1"]],',
    '"values":[[1000,"1"]],"values":[]',
    '"values":[[1000,"1"]]"',
    '"values":[1000,"1"]',
    '"values"',
    '"values":',
    '"values":[',
    '"values":1',
    'x',
    '"other":[]',
    '"value":[]',
    '"value":[1000,"1"],[1,"2"]',
    '"values":[[1000.,"1"]]',
    '"values":[[1000,"1"',
    '"values":[[1000,"1',
    '"values":[[1000,',
    '"values":[[1000',
    '"values":[[',
    `"values":[[1,"${'1'.repeat(2000)}"]]`,
  ];
  for (const samples of malformed)
    t.throws(() => decode(samples), { code: 'upstream', message: /invalid answer/ }, samples);
  t.end();
});

t.test('raw samples are decoded, the last one of several at the same time', (t) => {
  const raw = decodeRaw(frame({ a: '1' }, values([1, '1'], [2.5, '2'], [2.5, '3'], [4, 'NaN'])));
  t.strictSame([...raw.timestamps], [1000, 2500, 4000]);
  t.strictSame([...raw.values], [1, 3, NaN]);
  t.equal(raw.stale, undefined);
  t.equal(raw.labels.toString(), '{a="1"}');
  const stale = decodeRaw(frame({}, values([1, '1'], [4, 'NaN'])), { nanIsStale: true });
  t.strictSame([...stale.stale!], [0, 1]);
  t.equal(decodeRaw(frame({}, values([1, '1'])), { nanIsStale: true }).stale, undefined);
  t.throws(() => decodeRaw(frame({}, values([2, '1'], [1, '1']))), {
    code: 'upstream',
    message: /back in time/,
  });
  t.end();
});

t.test('more samples than one block are decoded', (t) => {
  const samples = Array.from({ length: 5000 }, (_, i) => [i, String(i / 7)] as const);
  const raw = decodeRaw(frame({}, values(...samples)));
  t.strictSame(
    [...raw.values],
    samples.map(([, text]) => Number(text)),
  );
  t.strictSame(
    [...raw.timestamps],
    samples.map(([time]) => time * 1000),
  );
  const cut = values(...samples).slice(0, -1);
  t.throws(() => decodeRaw(frame({}, cut)), { code: 'upstream' });
  t.end();
});

/** Decimal texts that are hard to round, from the literature and from the limits of the decoder's fast paths. */
const hardToRound = [
  '0',
  '-0',
  '0.0',
  '00',
  '1',
  '-1',
  '0.1',
  '0.30000000000000004',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '9007199254740993.0',
  '9007199254740995',
  '18014398509481985',
  '123456789012345678',
  '999999999999999999',
  '9999999999999999999',
  '1e22',
  '1e23',
  '8.5e22',
  '1.7976931348623157e308',
  '1.7976931348623159e308',
  '4.9e-324',
  '2.4703282292062327e-324',
  '2.2250738585072011e-308',
  '2.2250738585072014e-308',
  '6.6312368714237615e-1',
  '1e-7',
  '1e-64',
  '1e64',
  '1e-65',
  '1e65',
  '123456789e-64',
  '7.2057594037927933e16',
  '9.5367431640625e-07',
  '0.000001',
  '1e+21',
  '1.00000000000000011102230246251565',
  '1.00000000000000011102230246251566',
  '5e-324',
  '1e999',
  '1e-999',
  '0e999',
  '.5',
  '5.',
  '+5',
  '0.00000000000000000000000000000123456789012345678',
  '100000000000000000000',
  '3.141592653589793',
  '2.718281828459045e-05',
  '1E5',
  '1e05',
];

t.test('floats are rounded as Number() rounds them', async (t) => {
  const same = (text: string): boolean => Object.is(decodeValue(text), Number(text));
  for (const text of hardToRound) t.ok(same(text), text);
  const digits = fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => same(String(x))),
    { numRuns: randomRuns(50_000) },
  );
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (x) => same(String(x))),
    { numRuns: randomRuns(50_000) },
  );
  fc.assert(
    fc.property(
      fc.boolean(),
      digits,
      digits,
      fc.integer({ min: -80, max: 80 }),
      (minus, integer, fraction, exponent) => same(`${minus ? '-' : ''}${integer}.${fraction}e${exponent}`),
    ),
    { numRuns: randomRuns(50_000) },
  );
  fc.assert(
    fc.property(digits, fc.nat(20), (text, dot) => {
      const padded = text.padStart(dot + 1, '0');
      return same(`${padded.slice(0, padded.length - dot)}.${padded.slice(padded.length - dot)}`);
    }),
    { numRuns: randomRuns(50_000) },
  );
});

t.test('floats of every length before and after the point are rounded as Number() rounds them', async () => {
  const digit = fc.nat(9);
  const digits = (max: number): fc.Arbitrary<string> =>
    fc.array(digit, { minLength: 1, maxLength: max }).map((list) => list.join(''));
  const text = fc
    .tuple(digits(20), fc.option(digits(22)), fc.constantFrom('', 'e-7', 'e+5', 'e17', 'e-30'))
    .map(
      ([integer, fraction, exponent]) => `${integer}${fraction === null ? '' : `.${fraction}`}${exponent}`,
    );
  fc.assert(
    // In one list, so that the bytes after a number belong to another one.
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
      const samples = texts.map((one, i) => [i, one] as const);
      const raw = decodeRaw(frame({}, values(...samples)));
      return texts.every((one, i) => Object.is(raw.values[i], Number(one)));
    }),
    { numRuns: randomRuns(10_000) },
  );
});

t.test('halfway cases and their neighbours are rounded as Number() rounds them', async () => {
  // The midpoint of two doubles, cut to 17 and 18 digits, is as close to a tie as texts of that length are.
  fc.assert(
    fc.property(
      fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
      fc.nat(2 ** 23 - 1),
      fc.integer({ min: -60, max: 9 }),
      (high, low, shift) => {
        const mantissa = BigInt(high) * (1n << 23n) + BigInt(low) * 2n + 1n;
        const scaled =
          shift >= 0 ? (mantissa << BigInt(shift)) * 10n ** 40n : (mantissa * 10n ** 40n) >> BigInt(-shift);
        const text = scaled.toString();
        return [17, 18].every((length) =>
          [0n, 1n].every((up) => {
            const cut = `${(BigInt(text.slice(0, length)) + up).toString()}e${text.length - length - 40}`;
            return Object.is(decodeValue(cut), Number(cut));
          }),
        );
      },
    ),
    { numRuns: randomRuns(50_000) },
  );
});

t.test('floats as servers print them are decoded into the same numbers', async () => {
  const sample = fc.tuple(fc.nat(1_000_000), fc.oneof(fc.double().map(String), fc.integer().map(String)));
  fc.assert(
    fc.property(fc.uniqueArray(sample, { selector: ([time]) => time, maxLength: 50 }), (samples) => {
      const sorted = samples
        .map(
          ([time, text]) =>
            [time / 1000, text.replace(/^Infinity$/, '+Inf').replace(/^-Infinity$/, '-Inf')] as const,
        )
        .sort((a, b) => a[0] - b[0]);
      const raw = decodeRaw(frame({}, values(...sorted)));
      return sorted.every(
        ([time, text], i) =>
          raw.timestamps[i] === Math.round(time * 1000) &&
          Object.is(raw.values[i], Number(text.replace('Inf', 'Infinity'))),
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('timestamps do not depend on those of the series before', (t) => {
  const texts = [
    '1000000005',
    '1000000020',
    '1000000005.5',
    '1000000005.25',
    '999999990',
    '0000000000',
    '1e9',
  ];
  const malformed = [
    'x000000005',
    '\0\0\0\0\0\0\0\0\0\0',
    '\u00ff'.repeat(10),
    '1000000005x',
    '',
    '-',
    '10000 0005',
  ];
  fc.assert(
    fc.property(fc.array(fc.array(fc.constantFrom(...texts), { maxLength: 5 })), (all) => {
      for (const times of all) {
        const sorted = [...new Set(times)].sort((a, b) => Number(a) - Number(b));
        const { timestamps } = decodeRaw(
          frame({}, `"values":[${sorted.map((time) => `[${time},"1"]`).join()}]`),
        );
        const expected = sorted.map((time) => Number(time) * 1000);
        if (timestamps.length !== expected.length || !expected.every((time, i) => timestamps[i] === time))
          return false;
      }
      return true;
    }),
  );
  for (const time of malformed) {
    for (const samples of [`"values":[[${time},"1"]]`, `"values":[[0,"1"],[${time},"1"]]`]) {
      t.throws(() => decodeRaw(frame({}, samples)), { code: 'upstream' }, JSON.stringify(time));
    }
  }
  t.end();
});
