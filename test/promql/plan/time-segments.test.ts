// Time segments: where the steps of a range query are cut.

import assert from 'node:assert/strict';

import fc from 'fast-check';

import t from 'tap';

import { gridEndMs, rangeGrid } from '../../../src/model/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import { planDistributed, printPlan } from '../../../src/promql/plan/index.js';
import { planTimes, testPlans, type PlanCase } from './plan-cases.js';
import { gapped, bounds, group, overlapping, split, three } from './pruning/groups.js';

const segmented: PlanCase[] = [
  {
    name: 'windows that the time ranges of several groups cover are read from raw samples, like those across the bounds',
    groups: overlapping,
    expr: 'sum(rate(x[5m]))',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: sum(rate(x[5m]))
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:48:10.000Z
    sum
      rate()
        range 300000ms
          selector {__name__="x"}
  steps 1970-01-01T00:48:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: sum(rate(x[5m]))`,
  },
  {
    name: 'each boundary has a segment of raw samples',
    groups: three,
    expr: 'stddev(x)',
    plan: `
5 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: stddev(x)
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    stddev
      selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T00:49:55.000Z
    fetch
      middle: stddev(x)
  steps 1970-01-01T00:50:10.000Z to 1970-01-01T00:54:55.000Z
    stddev
      selector {__name__="x"}
  steps 1970-01-01T00:55:10.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: stddev(x)`,
  },
  {
    name: 'a gap wider than the window needs no raw samples',
    groups: gapped,
    expr: 'sum(rate(x[5m]))',
    plan: `
2 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:43:10.000Z
    fetch
      old: sum(rate(x[5m]))
  steps 1970-01-01T00:43:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: sum(rate(x[5m]))`,
  },
  {
    name: 'the segment of raw samples covers both ranges of a subquery and its offset',
    groups: split,
    expr: 'max_over_time(sum(x)[10m:1m] offset 2m)',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:35:10.000Z
    fetch
      old: max_over_time(sum(x)[10m:1m] offset 2m)
  steps 1970-01-01T00:35:25.000Z to 1970-01-01T00:50:10.000Z
    max_over_time()
      subquery 600000ms:60000
        sum
          selector {__name__="x"}
  steps 1970-01-01T00:50:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: max_over_time(sum(x)[10m:1m] offset 2m)`,
  },
  {
    name: 'a segment is not cut when that would read the raw samples of a long window again',
    groups: split,
    expr: 'sum(rate(x[5m])) / sum(rate(x[50m]))',
    plan: `
2 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: sum(rate(x[5m])) / sum(rate(x[50m]))
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T01:16:40.000Z
    /
      sum
        rate()
          range 300000ms
            selector {__name__="x"}
      sum
        rate()
          range 3000000ms
            selector {__name__="x"}`,
  },
  {
    name: 'a range function of several metrics is not cut: series that become equal at different steps are an error',
    groups: split,
    expr: 'rate({__name__=~"x|y"}[5m])',
    plan: `
rate()
  range 300000ms
    selector {__name__=~"x|y"}`,
  },
  {
    name: 'a range function of a subquery with a set operator is not cut',
    groups: split,
    expr: 'rate((x or y)[5m:1m])',
    plan: `
rate()
  subquery 300000ms:60000
    or
      selector {__name__="x"}
      selector {__name__="y"}`,
  },
  {
    name: 'an aggregation with a parameter that may be NaN is not cut',
    groups: split,
    expr: 'topk(scalar(x), y)',
    plan: `
topk
  scalar()
    selector {__name__="x"}
  selector {__name__="y"}`,
  },
  {
    name: 'the times of the query are those of all its steps in every segment',
    groups: split,
    expr: 'x @ start() - x @ end() - x',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      fetch
        old: x
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T01:16:40.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      fetch
        new: x`,
  },
];

testPlans('steps are planned in segments where a range crosses the time ranges of groups', segmented);

t.test('each step is in one segment, which is planned like a query of its steps', async () => {
  const bound = fc.option(fc.integer({ min: 900, max: 4_700 }), { nil: undefined });
  const made = fc.array(fc.record({ from: bound, to: bound, truncate: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  });
  const expr = fc.constantFrom(
    'sum(x)',
    'rate(x[7m] offset 3m)',
    'sum(x) - sum(rate(x[10m]))',
    'abs(x @ 2000)',
  );
  const stepMs = fc.constantFrom(1_000, 15_000, 77_000, 900_000, 3_000_000);
  fc.assert(
    fc.property(made, expr, stepMs, (made, text, stepMs) => {
      const groups = made.map(({ from, to, truncate }, i) =>
        group(`g${i}`, bounds(from && from * 1000, to && to * 1000, truncate)),
      );
      const times = { ...planTimes, stepMs };
      const parsed = parseExpr(text);
      const all = rangeGrid(times.startMs, times.endMs, stepMs);
      const plan = planDistributed(parsed, groups, times);
      if (plan.kind !== 'segments') return;
      let nextMs = all.startMs;
      for (const { grid, input } of plan.segments) {
        assert.equal(grid.startMs, nextMs);
        nextMs = gridEndMs(grid) + stepMs;
        const steps = { firstMs: grid.startMs, lastMs: gridEndMs(grid) };
        assert.equal(printPlan(input), printPlan(planDistributed(parsed, groups, { ...times, steps })));
      }
      assert.equal(nextMs, gridEndMs(all) + stepMs);
      assert.ok(plan.segments.length >= 2 && plan.segments.length <= 16);
    }),
    { numRuns: 500 },
  );
});
