// Histogram functions over buckets of VictoriaMetrics, evaluated by promfed.

import t from 'tap';

import { rangeGrid, Labels, type RawSeries } from '../../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../../src/promql/eval/index.js';
import { SampleBudget } from '../../../../src/runtime/index.js';
import { createEvalContext, planRaw } from '../../../helpers/promql/evaluation.js';
import { runScript } from '../../../helpers/promqltest/run-script.js';

interface ScriptCase {
  readonly name: string;
  /** Series, one on each line. */
  readonly load: string;
  /** Evals and their expected rows. */
  readonly evals: string;
}

const cases: readonly ScriptCase[] = [
  {
    name: 'ranges become cumulative counts',
    load: `
  v_bucket{i="1", vmrange="1.000e-01...1.136e-01"} 0+2x20
  v_bucket{i="1", vmrange="1.000e+00...1.136e+00"} 0+1x20
  v_bucket{i="2", vmrange="1.000e-01...1.136e-01"} 0+5x20`,
    evals: `
eval instant at 5m histogram_quantile(0.9, sum by (i, vmrange) (rate(v_bucket[1m])))
  expect no_warn
  expect no_info
  {i="1"} 1.0952
  {i="2"} 0.11224

eval instant at 5m histogram_quantile(0.9, rate(v_bucket[1m]))
  {i="1"} 1.0952
  {i="2"} 0.11224

eval instant at 5m histogram_quantile(0.9, sum by (vmrange) (rate(v_bucket[1m])))
  {} 1.0272000000000001

eval instant at 5m histogram_fraction(0.1, 0.5, v_bucket)
  {i="1"} 0.6666666666666666
  {i="2"} 1

eval instant at 5m histogram_quantiles(v_bucket, "q", 0, 0.9)
  {i="1", q="0.0"} 0.1
  {i="1", q="0.9"} 1.0952
  {i="2", q="0.0"} 0.1
  {i="2", q="0.9"} 0.11224

eval range from 0 to 1m step 15s histogram_quantile(0.9, v_bucket)
  {i="1"} _ 1.0952 1.0952 1.0952 1.0952
  {i="2"} _ 0.11224 0.11224 0.11224 0.11224
`,
  },
  {
    name: 'gaps between ranges have no observations, and the ends of the scale are ranges',
    load: `
  v_bucket{vmrange="0...1.000e-09"} 1x20
  v_bucket{vmrange="1.000e+00...2.000e+00"} 1x20
  v_bucket{vmrange="2.000e+00...4.000e+00"} 1x20
  v_bucket{vmrange="1.000e+18...+Inf"} 1x20`,
    evals: `
eval instant at 1m histogram_quantile(0.125, v_bucket)
  {} 5e-10

eval instant at 1m histogram_quantile(0.375, v_bucket)
  {} 1.5

eval instant at 1m histogram_quantile(0.75, v_bucket)
  {} 4

eval instant at 1m histogram_quantile(0.9, v_bucket)
  {} 1e18

eval instant at 1m histogram_fraction(0, 3, v_bucket)
  {} 0.625
`,
  },
  {
    name: 'malformed ranges are ignored with the warning about the missing label le',
    load: `
  v_bucket{vmrange="1...2"} 3x20
  v_bucket{vmrange="0x1p1...0x1p2"} 1x20
  v_bucket{vmrange=""} 100x20
  v_bucket{vmrange="2..4"} 100x20
  v_bucket{vmrange="..."} 100x20
  v_bucket{vmrange="1..."} 100x20
  v_bucket{vmrange="...1"} 100x20
  v_bucket{vmrange="1...2...3"} 100x20
  v_bucket{vmrange="a...b"} 100x20
  v_bucket{vmrange="1...1e999"} 100x20
  v_bucket{vmrange="NaN...7"} 100x20
  v_bucket{vmrange="1...NaN"} 100x20`,
    evals: `
eval instant at 1m histogram_quantile(1, v_bucket)
  expect warn msg: PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "v_bucket" (1:23)
  {} 4

eval instant at 1m histogram_quantile(0.5, v_bucket{vmrange="a...b"})
  expect warn
`,
  },
  {
    name: 'ranges that overlap, repeat an end or are inverted have a result',
    load: `
  v_bucket{l="overlap", vmrange="0.5...0.7"} 1x20
  v_bucket{l="overlap", vmrange="0...1"} 1x20
  v_bucket{l="repeat", vmrange="1...4"} 1x20
  v_bucket{l="repeat", vmrange="2...4"} 5x20
  v_bucket{l="inverted", vmrange="4...2"} 1x20
  v_bucket{l="empty", vmrange="2...2"} 1x20
  v_bucket{l="negative", vmrange="-4...-2"} 1x20
  v_bucket{l="infinite", vmrange="-Inf...+Inf"} 1x20`,
    evals: `
eval instant at 1m histogram_quantile(0.5, v_bucket)
  {l="overlap"} 0
  {l="repeat"} 1.5
  {l="inverted"} 1
  {l="negative"} -3
`,
  },
  {
    name: 'a series continues one with the same end in a range query',
    load: `
  v_bucket{vmrange="1...4"} 2x4 stale
  v_bucket{vmrange="2...4"} _x5 4x6`,
    evals: `
eval range from 0 to 2m30s step 15s histogram_quantile(0.5, v_bucket)
  {} 1.5x10
`,
  },
  {
    name: 'le and ranges of one histogram are added',
    load: `
  v_bucket{i="1", le="1"} 2x20
  v_bucket{i="1", le="+Inf"} 2x20
  v_bucket{i="1", vmrange="1...2"} 2x20
  v_bucket{i="1", le="NaN"} 7x20
  v_bucket{i="2", le="1"} 2x20
  v_bucket{i="2", le="+Inf"} 2x20
  v_bucket{i="3", vmrange="1...2"} 2x20`,
    evals: `
eval instant at 1m histogram_quantile(0.5, v_bucket)
  {i="1"} 1
  {i="2"} 0.5
  {i="3"} 1.5
`,
  },
  {
    name: 'a series with a valid le is a bucket of Prometheus',
    load: `
  v_bucket{vmrange="7...8", le="1"} 2x20
  v_bucket{vmrange="7...8", le="+Inf"} 2x20
  v_bucket{vmrange="1...2", le="x"} 2x20`,
    evals: `
eval instant at 1m histogram_quantile(0.5, v_bucket)
  expect no_warn
  {vmrange="7...8"} 0.5
  {} 1.5
`,
  },
  {
    name: 'steps without observations have no result',
    load: `
  v_bucket{i="1", vmrange="1...2"} 0x3 4x3
  v_bucket{i="2", vmrange="1...2"} 0x8
  v_bucket{i="3", vmrange="1...2"} NaNx3 -1x3`,
    evals: `
eval range from 0 to 75s step 15s histogram_quantile(0.5, v_bucket)
  {i="1"} _ _ _ _ 1.5 1.5

eval range from 0 to 75s step 15s histogram_fraction(0, 1.5, v_bucket)
  {i="1"} _ _ _ _ 0.5 0.5

eval range from 0 to 75s step 15s histogram_fraction(-1, Inf, v_bucket)
  {i="1"} _ _ _ _ 1 1
`,
  },
  {
    name: 'quantiles outside of 0 to 1',
    load: `
  v_bucket{vmrange="1...2"} 3x20`,
    evals: `
eval instant at 1m histogram_quantile(2, v_bucket)
  expect warn
  {} Inf

eval instant at 1m histogram_quantile(-2, v_bucket)
  expect warn
  {} -Inf

eval instant at 1m histogram_quantile(NaN, v_bucket)
  expect warn
`,
  },
  {
    name: 'a histogram with ranges and with native samples has no result',
    load: `
  v_bucket{i="1", vmrange="1...2"} 3x20
  v_bucket{i="1"} {{schema:0 sum:1 count:1 buckets:[1]}}x20
  v_bucket{i="2", vmrange="1...2"} 2x20`,
    evals: `
eval instant at 1m histogram_quantile(0.5, v_bucket)
  expect warn
  {i="2"} 1.5
`,
  },
  {
    name: 'histograms of several metrics become equal',
    load: `
  v_bucket{vmrange="1...2"} 3x20
  w_bucket{vmrange="1...2"} 3x20`,
    evals: `
eval instant at 1m histogram_quantile(0.5, {__name__=~"[vw]_bucket"})
  expect fail
`,
  },
];

for (const { name, load, evals } of cases) {
  for (const delaysNames of [false, true]) {
    t.test(`${name}${delaysNames ? ', with delayed name removal' : ''}`, async (t) => {
      const results = await runScript(`load 15s${load}\n${evals}`, delaysNames);
      t.ok(results.length > 0);
      for (const { expr, problem } of results) t.equal(problem, undefined, expr);
    });
  }
}

t.test('the samples of merged series are released, however many there are', async (t) => {
  const grid = rangeGrid(0, 9 * 60_000, 60_000);
  const COUNT = 3000;
  /** Series that have the same end, each with a sample at one of the steps. */
  const series = Array.from({ length: COUNT }, (_, i): RawSeries => ({
    labels: Labels.from({ __name__: 'v_bucket', vmrange: `${i}...1000000` }),
    timestamps: Float64Array.of((i % grid.count) * 60_000),
    values: Float64Array.of(1),
  }));
  const query = 'histogram_quantile(0.9, last_over_time(v_bucket[1m]))';
  const stepsOfInput = COUNT * grid.count;
  const maxSamples = stepsOfInput + COUNT + 2 * grid.count;
  const budget = new SampleBudget({ maxSamples });
  const value = await evaluate(planRaw(query, grid), createEvalContext(grid, { samples: createMemorySource(series), budget })); // prettier-ignore
  t.equal(value.type === 'vector' && value.columns.length, 1);
  t.ok(budget.peakSamples > stepsOfInput, 'merged series are counted');
  budget.reserve(maxSamples - grid.count);
  t.throws(() => {
    budget.reserve(1);
  }, 'only the result is held');
});
