import t from 'tap';

import { tryParseFloat, tryParseInstant, tryParseTime } from '../../../src/model/index.js';

t.test('a float is decimal or hexadecimal, an infinity or NaN', async (t) => {
  for (const [text, value] of [
    ['0.5', 0.5],
    ['-0', -0],
    ['+1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['+Inf', Infinity],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['nan', NaN],
    ['1_000', 1000],
    ['1_0.5_0e1_0', 10.5e10],
    ['0x1p4', 16],
    ['-0X.8p1', -1],
    ['0x_1_0p-4', 1],
    ['0x1p-1074', 5e-324],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x1p999999999', undefined],
    ['0x0p999999999', 0],
    ['1e-400', 0],
    ['', undefined],
    ['.', undefined],
    ['0x10', undefined],
    ['0xp1', undefined],
    ['0b1', undefined],
    ['1__0', undefined],
    ['_1', undefined],
    ['1_', undefined],
    ['1_e1', undefined],
    ['1e_1', undefined],
    ['1 ', undefined],
    ['1e', undefined],
    ['1e400', undefined],
    ['+nan', undefined],
    ['in_f', undefined],
  ] as const) {
    t.ok(Object.is(tryParseFloat(text), value), text);
  }
});

t.test('a time is in seconds since the epoch or in RFC 3339', async (t) => {
  for (const [text, timeMs] of [
    ['1.5', 1500],
    ['-1e3', -1_000_000],
    ['1970-01-01T00:00:01.5Z', 1500],
    ['1970-01-01T00:00:01,5Z', 1500],
    ['1970-01-01T1:00:00+01:00', 0],
    ['1970-01-01T00:00:00-24:60', 25 * 3_600_000],
    ['0000-01-01T00:00:00Z', -62_167_219_200_000],
    ['1970-02-30T00:00:00Z', undefined],
    ['1970-01-01T24:00:00Z', undefined],
    ['1970-01-01T00:00:60Z', undefined],
    ['1970-01-01T00:00:00+25:00', undefined],
    ['1970-01-01', undefined],
    ['1970-01-01t00:00:00Z', undefined],
    ['1970-01-01T00:00:00z', undefined],
    ['1970-01-01 00:00:00Z', undefined],
    ['0x10', undefined],
    ['Inf', undefined],
    ['NaN', undefined],
    ['1e13', undefined],
    ['', undefined],
  ] as const) {
    t.equal(tryParseTime(text), timeMs, text);
  }
});

t.test('seconds are rounded to milliseconds, and RFC 3339 is cut off', async (t) => {
  for (const [text, evaluationMs, unixMs = evaluationMs] of [
    ['1750003000.0005', 1_750_003_000_000],
    ['1750003000.0006', 1_750_003_000_001],
    ['-0.0005', -1],
    ['0.9996', 1000],
    ['1970-01-01T00:00:00.9999Z', 999],
    ['1969-12-31T23:59:59.9996Z', 0, -1],
  ] as const) {
    const instant = tryParseInstant(text)!;
    t.same([instant.evaluationMs, instant.unixMs], [evaluationMs + 0, unixMs], text);
  }
});

t.test('times beyond 292 years wrap around in queries, and are limited in metadata requests', async (t) => {
  for (const [text, evaluationMs, unixMs] of [
    ['9223372036.854', 9_223_372_036_854, 9_223_372_036_854],
    ['9223372036.855', -9_223_372_036_854, 9_223_372_036_855],
    ['1e13', 1_864_712_049_423, 8.64e15],
    ['-1e13', -1_864_712_049_423, -8.64e15],
    ['1e30', 0, 0],
    ['NaN', -9_223_372_036_854, -9_223_372_036_855],
    ['-292273086-05-16T16:47:06Z', 6_795_364_580_679, -8.64e15],
    ['292277025-08-18T07:12:54.999999999Z', -6_795_364_579_679, 8.64e15],
  ] as const) {
    const instant = tryParseInstant(text)!;
    t.same([instant.evaluationMs, instant.unixMs], [evaluationMs, unixMs], text);
  }
  const [first, last] = ['-292273086-05-16T16:47:06Z', '292277025-08-18T07:12:54.999999999Z'].map((text) =>
    tryParseInstant(text)!,
  );
  t.ok(first!.isBefore(last!));
  t.notOk(last!.isBefore(first!));
  t.equal(last!.nsSince(first!), 2n ** 63n - 1n);
});
