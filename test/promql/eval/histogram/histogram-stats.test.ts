import fc from 'fast-check';
import t from 'tap';

import { runScript } from '../../../helpers/promqltest/run-script.js';
import { randomRuns } from '../../../helpers/random-runs.js';

const EXPRESSIONS = [
  'h',
  'sum(h)',
  'rate(h[25s])',
  'increase(h[47s])',
  'delta(h[47s])',
  'irate(h[31s])',
  'avg_over_time(h[31s])',
  'increase(h[31s] anchored)',
  'rate(h[31s] smoothed)',
  'h smoothed',
];

const sample = fc.option(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), {
  nil: undefined,
  freq: 5,
});

t.test('counts, sums and averages do not depend on decoding buckets', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 9 }), async (samples) => {
      const values = samples.map((buckets) => {
        if (buckets === undefined) return '_';
        const [low, high] = buckets;
        return `{{schema:0 sum:${low + 2 * high} count:${low + high} buckets:[${low} ${high}]}}`;
      });
      const evals = EXPRESSIONS.flatMap((expression) =>
        ['histogram_count', 'histogram_sum', 'histogram_avg'].map((func) => {
          // Trimming at infinity decodes the buckets and does not change the histogram.
          const [plain, full] = [`${func}(${expression})`, `${func}(${expression} </ Inf)`];
          const differs = `abs(${plain} - ${full}) > 1e-9`;
          return `eval range from 0 to 110s step 8s (${plain} unless ${full}) or (${full} unless ${plain}) or (${differs})\n\n`;
        }),
      );
      const results = await runScript(`load 10s\n  h ${values.join(' ')}\n\n${evals.join('')}`);
      t.equal(results.length, evals.length);
      for (const { expr, problem } of results) t.notOk(problem, expr);
    }),
    { numRuns: randomRuns(20) },
  );
});
