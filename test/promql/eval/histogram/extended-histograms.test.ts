import fc from 'fast-check';
import t from 'tap';

import { runScript } from '../../../helpers/promqltest/run-script.js';

const EXPRESSIONS = [
  'rate(M[17s] E)',
  'increase(M[9s] E)',
  'delta(M[31s] E)',
  'increase(M[40s] E offset -7s)',
];

/** Returns an expression for the series that differ in two vectors or are missing in one. It is empty for equal results. */
function differenceOf(a: string, b: string): string {
  return `(${a} unless ${b}) or (${b} unless ${a}) or (abs(${a} - ${b}) > 1e-9)`;
}

const samples = fc.array(fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 4 }), {
  minLength: 1,
  maxLength: 10,
});

t.test('functions of extended ranges have the same results for histograms and their counts', async (t) => {
  await fc.assert(
    fc.asyncProperty(samples, fc.constantFrom('anchored', 'smoothed'), async (values, extension) => {
      const floats = values.map((value) => (value === undefined ? '_' : String(value))).join(' ');
      const histograms = values
        .map((value) =>
          value === undefined ? '_' : `{{schema:0 sum:${value} count:${value} buckets:[${value}]}}`,
        )
        .join(' ');
      const evals = EXPRESSIONS.map((expression) => {
        const onMetric = (metric: string): string => expression.replace('M', metric).replace('E', extension);
        const difference = differenceOf(`histogram_count(${onMetric('h')})`, onMetric('f'));
        return `eval range from 0 to 120s step 7s ${difference}\n\n`;
      });
      const smoothed = differenceOf('histogram_sum(h smoothed)', 'f smoothed');
      const gauges = histograms.replaceAll(']}}', '] counter_reset_hint:gauge}}');
      const script = `load 10s
  f ${floats}
  h ${histograms}

${evals.join('')}
clear

load 10s
  f ${floats}
  h ${gauges}

eval range from 0 to 120s step 7s ${smoothed}
`;
      const results = await runScript(script);
      t.equal(results.length, EXPRESSIONS.length + 1);
      for (const { expr, problem } of results) t.notOk(problem, expr);
    }),
    { numRuns: 40 },
  );
});

t.test('a range of native histograms with smoothed is rejected as unsupported', async (t) => {
  const [result] = await runScript(`load 10s
  h {{schema:0 sum:1 count:1 buckets:[1]}}x5

eval instant at 20s h[15s] smoothed
  expect range vector from 5s to 20s step 5s
`);
  t.match(result?.problem, /smoothed on a range vector of native histograms is not supported by promfed/);
});
