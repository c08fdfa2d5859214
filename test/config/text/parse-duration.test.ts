// Durations in the notations of Prometheus and of Go.

import t from 'tap';

import { parseConfigDuration, tryParseConfigDuration } from '../../../src/config/text/parse-duration.js';

t.test('durations of Prometheus and of Go are parsed to milliseconds', async (t) => {
  const cases: [text: string, ms: number][] = [
    ['0', 0],
    ['0s', 0],
    ['5s', 5000],
    ['200ms', 200],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1w2d', 9 * 86_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.h', 3_600_000],
    ['500us', 0.5],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['100ns', 0.0001],
    ['1m0.5s', 60_500],
    ['300s', 300_000],
    ['30m1h', 5_400_000],
    ['1s1s', 2000],
  ];
  for (const [text, ms] of cases) t.equal(parseConfigDuration(text), ms, text);
});

t.test('anything else is rejected with the reason', async (t) => {
  const cases: [text: string, message: RegExp][] = [
    ['', /empty duration string/],
    ['10', /missing unit in duration "10"; write 10s for seconds/],
    ['-5s', /must not be negative/],
    ['5', /missing unit/],
    ['1.5d', /not a valid duration string: "1\.5d"/],
    ['5 s', /not a valid duration/],
    ['5S', /not a valid duration/],
    ['abc', /not a valid duration/],
    ['9999999999999h', /out of range/],
    ['99999999999y', /out of range/],
    ['9999999999999.5h', /out of range/],
    ['.', /not a valid duration/],
    ['.s', /not a valid duration/],
    ['9'.repeat(1000) + 's', /not a valid duration/],
  ];
  for (const [text, message] of cases) {
    t.throws(() => parseConfigDuration(text), { code: 'bad_data', message }, text.slice(0, 20));
    t.equal(tryParseConfigDuration(text), undefined);
  }
});
