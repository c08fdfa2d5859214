import fc from 'fast-check';
import t from 'tap';

import { runScript } from './script.js';

const EXPRESSIONS = [
  'rate(M[17s] E)',
  'increase(M[9s] E)',
  'delta(M[31s] E)',
  'increase(M[40s] E offset -7s)',
];

/** What is in one of two vectors only, or differs in them. Two results are equal when it is empty. */
function differenceOf(a: string, b: string): string {
  return `(${a} unless ${b}) or (${b} unless ${a}) or (abs(${a} - ${b}) > 1e-9)`;
}

const samples = fc.array(fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 4 }), {
  minLength: 1,
  maxLength: 10,
});

t.test('histograms grow between the edges of extended ranges as their counts do', async (t) => {
  await fc.assert(
    fc.asyncProperty(samples, fc.constantFrom('anchored', 'smoothed'), async (values, extension) => {
      const floats = values.map((value) => (value === undefined ? '_' : String(value))).join(' ');
      const histograms = values
        .map((value) =>
          value === undefined ? '_' : `{{schema:0 sum:${value} count:${value} buckets:[${value}]}}`,
        )
        .join(' ');
      const evals = EXPRESSIONS.map((expression) => {
        const of = (metric: string): string => expression.replace('M', metric).replace('E', extension);
        const difference = differenceOf(`histogram_count(${of('h')})`, of('f'));
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

t.test('a range of histograms with an extension is not shown, and says so', async (t) => {
  const [result] = await runScript(`load 10s
  h {{schema:0 sum:1 count:1 buckets:[1]}}x5

eval instant at 20s h[15s] smoothed
  expect range vector from 5s to 20s step 5s
`);
  t.match(result?.problem, /smoothed on a range vector of native histograms is not supported by promfed/);
});
