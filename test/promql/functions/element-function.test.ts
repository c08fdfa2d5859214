import fc from 'fast-check';
import t from 'tap';

import { ELEMENT_FUNCTIONS } from '../../../src/promql/functions/index.js';

t.test('calendar functions agree with JavaScript dates', async (t) => {
  const evaluate = (name: string, seconds: number): number =>
    ELEMENT_FUNCTIONS.get(name)!.bind([])(seconds, 0);
  fc.assert(
    fc.property(fc.integer({ min: -8e12, max: 8e12 }), (seconds) => {
      const date = new Date(seconds * 1000);
      const year = date.getUTCFullYear();
      const dayMs = 86_400_000;
      const january = new Date(0);
      january.setUTCFullYear(year, 0, 1);
      const nextMonth = new Date(0);
      nextMonth.setUTCFullYear(year, date.getUTCMonth() + 1, 0);
      t.equal(evaluate('year', seconds), year);
      t.equal(evaluate('month', seconds), date.getUTCMonth() + 1);
      t.equal(evaluate('day_of_month', seconds), date.getUTCDate());
      t.equal(evaluate('day_of_week', seconds), date.getUTCDay());
      t.equal(evaluate('day_of_year', seconds), Math.floor((date.getTime() - january.getTime()) / dayMs) + 1);
      t.equal(evaluate('days_in_month', seconds), nextMonth.getUTCDate());
      t.equal(evaluate('hour', seconds), date.getUTCHours());
      t.equal(evaluate('minute', seconds), date.getUTCMinutes());
    }),
    { numRuns: 200 },
  );
  // On amd64 a value beyond 64-bit integers becomes the smallest one, whose date wraps around.
  t.equal(evaluate('year', NaN), 292277026596);
  t.equal(evaluate('hour', Infinity), 15);
});

t.test('an infinite bound of a clamp takes precedence over NaN, as in Go', async (t) => {
  t.equal(ELEMENT_FUNCTIONS.get('clamp_max')!.bind([Float64Array.of(-Infinity)])(NaN, 0), -Infinity);
  t.equal(ELEMENT_FUNCTIONS.get('clamp_min')!.bind([Float64Array.of(Infinity)])(NaN, 0), Infinity);
  t.ok(Number.isNaN(ELEMENT_FUNCTIONS.get('clamp_min')!.bind([Float64Array.of(1)])(NaN, 0)));
});
