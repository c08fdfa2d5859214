import fc from 'fast-check';
import t from 'tap';

import { MAX_FLOAT_BYTES, writeFloat } from '../../../src/json/number/write-float.js';
import { formatFloat } from '../../../src/model/index.js';
import { randomRuns, randomSeed } from '../../helpers/random-runs.js';

/** Number of random doubles of each kind. `PROMFED_RUNS=1000000` is a long run, `PROMFED_SEED` selects another one. */
const RUNS = randomRuns(20_000);
const SEED = randomSeed(1);

const memory = Buffer.alloc(MAX_FLOAT_BYTES + 2);
const view = new DataView(memory.buffer, memory.byteOffset, memory.length);

/** The text written at an offset. Checks that the bytes around it are unchanged. */
function written(value: number): string {
  memory.fill(0x2a);
  const end = writeFloat(memory, view, 1, value);
  if (memory[0] !== 0x2a || memory[MAX_FLOAT_BYTES + 1] !== 0x2a)
    return 'bytes around the text were overwritten';
  return memory.toString('latin1', 1, end);
}

/** Uniform in [0, 1), with 53 bits. Deterministic for a seed. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return () => (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
}

const random = createRandom(SEED);
const upTo = (limit: number): number => Math.floor(random() * limit);
const bits = new DataView(new ArrayBuffer(8));
function anyDouble(): number {
  bits.setUint32(0, upTo(2 ** 32));
  bits.setUint32(4, upTo(2 ** 32));
  return bits.getFloat64(0);
}
/** A double that is a few units in the last place away. */
function near(value: number): number {
  bits.setFloat64(0, value);
  bits.setBigUint64(0, BigInt.asUintN(64, bits.getBigUint64(0) + BigInt(upTo(9) - 4)));
  return bits.getFloat64(0);
}

const KINDS: Readonly<Record<string, () => number>> = {
  'any bits': anyDouble,
  'numbers without an exponent': () => (1 + random()) * 2 ** (upTo(76) - 21),
  'ratios below one': () => random() / (1 + upTo(100)),
  'rates of counters': () => upTo(1e7) / 300,
  'decimals of up to 17 digits': () => Number(`${upTo(10 ** upTo(17))}e-${upTo(20)}`),
  'sums of decimals': () => upTo(1e5) / 100 + upTo(1e5) / 1000,
  integers: () => upTo(2 ** upTo(70)),
  'around integers': () => near(upTo(2 ** upTo(60))),
  'around powers of two': () => near(2 ** (upTo(100) - 40)),
  'around powers of ten': () => near(Number(`1e${upTo(40) - 12}`)),
  'around short decimals': () => near(Number(`${upTo(1e6)}e-${upTo(10)}`)),
  'halves between decimals': () => Number(`${upTo(1e7)}5e-${upTo(12)}`) * 2 ** (upTo(8) - 4),
};

for (const [kind, create] of Object.entries(KINDS)) {
  t.test(`${kind} are written as formatFloat formats them`, (t) => {
    let wrong = 0;
    for (let i = 0; i < RUNS; i++) {
      const value = i % 2 === 0 ? create() : -create();
      if (written(value) === formatFloat(value)) continue;
      if (wrong++ < 5) t.equal(written(value), formatFloat(value));
    }
    t.equal(wrong, 0);
    t.end();
  });
}

t.test('special and extreme floats are written as Prometheus prints them', (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [5e-324, '5e-324'],
    [-Number.MAX_VALUE, '-1.7976931348623157e+308'],
    [1e-7, '1e-07'],
    [1e-6, '0.000001'],
    [9.99999999999999e-7, '9.99999999999999e-07'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [2 ** 53, '9007199254740992'],
    [2 ** 31, '2147483648'],
    [-(2 ** 31), '-2147483648'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1 / 3, '0.3333333333333333'],
    [2 / 3, '0.6666666666666666'],
    [1e15 + 0.5, '1000000000000000.5'],
    [9999999999999998, '9999999999999998'],
    [-0.0000012345678901234567, '-0.0000012345678901234567'],
    [2.5, '2.5'],
    [1.0001, '1.0001'],
    [99999.99999, '99999.99999'],
  ];
  for (const [value, text] of cases) t.equal(written(value), text);
  t.end();
});

t.test('every double reads back from its text', (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
      Object.is(Number(written(value)), value),
    ),
    { numRuns: Math.min(RUNS, 100_000) },
  );
  t.end();
});
