import t from 'tap';

import type { RequestBody } from '../../../src/http/parameters/form.js';
import { Parameters } from '../../../src/http/parameters/parameters.js';

function parameters(query: Record<string, string>): Parameters {
  return new Parameters(`/x?${new URLSearchParams(query).toString()}`, undefined);
}

function form(text: string): RequestBody {
  return { contentType: 'application/x-www-form-urlencoded', bytes: Buffer.from(text) };
}

t.test('times are seconds or RFC 3339, rounded to milliseconds', async (t) => {
  const cases: [text: string, timeMs: number][] = [
    ['1435781451', 1_435_781_451_000],
    ['1435781451.781', 1_435_781_451_781],
    ['-1.5', -1_500],
    ['1e3', 1_000_000],
    ['2015-07-01T20:10:51Z', 1_435_781_451_000],
    ['2015-07-01T20:10:51.781Z', 1_435_781_451_781],
    ['2015-07-01T22:10:51.781+02:00', 1_435_781_451_781],
    ['2016-02-29T23:59:59Z', Date.UTC(2016, 1, 29, 23, 59, 59)],
  ];
  for (const [text, timeMs] of cases)
    t.equal(parameters({ time: text }).requiredTime('time').evaluationMs, timeMs, text);
});

t.test('invalid times are rejected with the error of Prometheus', async (t) => {
  const cases = ['foo', '', '2015-07-01', '2015-13-01T00:00:00Z', '1e400', '0x10 '];
  const impossible = ['2015-02-29T00:00:00Z', '2015-04-31T00:00:00Z', '2015-07-01T24:00:00Z'];
  for (const text of [...cases, ...impossible]) {
    t.throws(
      () => parameters({ time: text }).requiredTime('time'),
      { message: `invalid parameter "time": cannot parse ${JSON.stringify(text)} to a valid timestamp` },
      text,
    );
  }
});

t.test('durations are seconds or Prometheus durations', async (t) => {
  const cases: [text: string, ms: number][] = [
    ['15', 15_000],
    ['0.5', 500],
    ['1m30s', 90_000],
    ['100ms', 100],
  ];
  for (const [text, ms] of cases) {
    t.equal(parameters({ step: text }).requiredDurationNs('step'), BigInt(ms) * 1_000_000n, text);
  }
  for (const text of ['', 'x', '1m 30s', 'Inf']) {
    t.throws(() => parameters({ step: text }).requiredDurationNs('step'), {
      message: `invalid parameter "step": cannot parse ${JSON.stringify(text)} to a valid duration`,
    });
  }
  t.ok(
    parameters({ step: 'NaN' }).requiredDurationNs('step') < 0n,
    'NaN is as wrong as a negative one, as in Prometheus',
  );
});

t.test('start, end and step are checked in the order of Prometheus', async (t) => {
  t.same(parameters({ start: '10', end: '40.5', step: '15' }).range().grid, {
    startMs: 10_000,
    stepMs: 15_000,
    count: 3,
  });
  t.same(parameters({ start: '10', end: '10', step: '15' }).range().grid, {
    startMs: 10_000,
    stepMs: 15_000,
    count: 1,
  });
  const cases = [
    {
      given: { end: '1', step: '1' },
      message: 'invalid parameter "start": cannot parse "" to a valid timestamp',
    },
    {
      given: { start: '1', step: '1' },
      message: 'invalid parameter "end": cannot parse "" to a valid timestamp',
    },
    {
      given: { start: '2', end: '1', step: '0' },
      message: 'invalid parameter "end": end timestamp must not be before start time',
    },
    {
      given: { start: '1', end: '2' },
      message: 'invalid parameter "step": cannot parse "" to a valid duration',
    },
    ...['0', '-1', '0.0001'].map((step) => ({
      given: { start: '1', end: '2', step },
      message:
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    })),
    {
      given: { start: '0', end: '11001', step: '1' },
      message:
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    },
  ];
  for (const { given, message } of cases) t.throws(() => parameters(given).range(), { message });
  t.equal(
    parameters({ start: '0', end: '11000', step: '1' }).range().grid.count,
    11_001,
    '11,000 steps are not too many',
  );
});

t.test('values of a form precede those of the URL', async (t) => {
  const both = new Parameters('/x?a=url&b=url&m=3', form('a=form&m=1&m=2'));
  t.equal(both.get('a'), 'form');
  t.equal(both.get('b'), 'url');
  t.equal(both.get('c'), '');
  t.same(both.all('m'), ['1', '2', '3']);
});

t.test('a limit is an integer, and 0 means no limit', async (t) => {
  t.equal(parameters({}).limit(), undefined);
  t.equal(parameters({ limit: '0' }).limit(), undefined);
  t.equal(parameters({ limit: '7' }).limit(), 7);
  for (const limit of ['-1', '1.5', 'x', '1'.repeat(20)]) {
    t.throws(() => parameters({ limit }).limit(), { message: /^invalid parameter "limit": / });
  }
});
