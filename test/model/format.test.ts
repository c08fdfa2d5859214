import t from 'tap';

import { tryParseFloat, tryParseTime } from '../../src/model/index.js';

t.test('a float is a decimal number, an infinity or NaN', async (t) => {
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
    ['', undefined],
    ['.', undefined],
    ['0x10', undefined],
    ['0b1', undefined],
    ['1_000', undefined],
    ['1 ', undefined],
    ['1e', undefined],
    ['1e400', undefined],
  ] as const) {
    t.ok(Object.is(tryParseFloat(text), value), text);
  }
});

t.test('a time is in seconds since the epoch or in RFC 3339', async (t) => {
  for (const [text, timeMs] of [
    ['1.5', 1500],
    ['-1e3', -1_000_000],
    ['1970-01-01T00:00:01.5Z', 1500],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1970-02-30T00:00:00Z', undefined],
    ['1970-01-01T24:00:00Z', undefined],
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
