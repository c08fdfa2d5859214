import t from 'tap';

import {
  parseExpr,
  resolveDuration,
  resolvePositiveDuration,
  type Duration,
} from '../../../src/promql/language/index.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';

const context = { stepMs: 10_000, rangeMs: 3_600_000 };

/** Parses a duration as the range of a selector. */
function rangeOf(text: string): Duration {
  const expr = parseExpr(`up[${text}]`, { features: ALL_FEATURES });
  if (expr.kind !== 'matrixSelector') throw new Error(`not a range: ${text}`);
  return expr.range;
}

t.test('a duration is evaluated in seconds and returned in whole milliseconds', async (t) => {
  const cases: readonly (readonly [text: string, ms: number])[] = [
    ['5m', 300_000],
    ['300', 300_000],
    ['1.5', 1500],
    ['29s+1s', 30_000],
    ['1h-2m*3', 3_240_000],
    ['2m*(10+5)', 1_800_000],
    ['1h/7', 514_285],
    ['1h30m % 1h', 1_800_000],
    ['24m+((1.5*2m)+2m)', 1_740_000],
    ['2^3^2', 512_000],
    ['-2^2+10', 6000],
    ['step()', 10_000],
    ['step()/3', 3333],
    ['range()', 3_600_000],
    ['min_of(step()+1, 1h)', 11_000],
    ['max_of(min_of(step()+1,1h),1ms)', 11_000],
    ['-step()', -10_000],
    ['-(1s - 3s)', 2000],
    ['1ms/10', 0],
    ['-1ms/10', 0],
  ];
  for (const [text, ms] of cases) t.equal(resolveDuration(rangeOf(text), context), ms, text);
});

t.test('the value of a range must be greater than zero', async (t) => {
  t.equal(resolvePositiveDuration(rangeOf('step()'), context), 10_000);
  t.throws(() => resolvePositiveDuration(rangeOf('1s-1s'), context), {
    code: 'execution',
    message: '3:8: duration must be greater than 0',
  });
  t.throws(() => resolvePositiveDuration(rangeOf('-step()'), context), { code: 'execution' });
});

t.test('a duration without a value is an execution error', async (t) => {
  const zero = { stepMs: 0, rangeMs: 0 };
  const cases: readonly (readonly [text: string, message: string])[] = [
    ['1/step()', '3:11: division by zero'],
    ['1%range()', '3:12: modulo by zero'],
    ['10^300', '3:9: duration is out of range'],
    ['(0-8)^0.5', '3:12: duration is out of range'],
  ];
  for (const [text, message] of cases) {
    t.throws(() => resolveDuration(rangeOf(text), zero), { code: 'execution', message }, text);
  }
});
