// Plans of info(): the matchers and the times of its info series.

import t from 'tap';

import type { PlanNode } from '../../../src/promql/plan/index.js';
import { planOf, testPlans, twoRegions } from './plan-cases.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';

testPlans('info() reads its info series from raw samples, whatever computes the series to enrich', [
  {
    name: 'an aggregation that splits',
    groups: twoRegions,
    expr: 'info(sum by (job, instance) (x), {__name__=~".+_info"})',
    plan: `
info()
  sum by (job, instance)
    fetch
      g1: sum by (job, instance) (x) as {region="eu"}
      g2: sum by (job, instance) (x) as {region="us"}
  selector {__name__=~".+_info"}`,
  },
  {
    name: 'info series of the default name',
    groups: twoRegions,
    expr: 'info(x)',
    plan: `
info()
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}
  selector {__name__="target_info"}`,
  },
  {
    name: 'a choice that only excludes names',
    groups: twoRegions,
    expr: 'info(x, {__name__!="build_info", version="1"})',
    plan: `
info()
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}
  selector {__name__=~".+_info", __name__!="build_info", version="1"}`,
  },
]);

function infoTimesOf(expr: string): unknown {
  const plan: PlanNode = planOf(expr, twoRegions);
  if (plan.kind !== 'call') throw new Error(`${expr} is planned as ${plan.kind}`);
  if (plan.info === undefined) throw new Error(`${expr} is planned without info series`);
  const { offsetMs, atMs } = plan.info.selector;
  return { offsetMs, atMs };
}

t.test('info series are read at the times of the first selector', async (t) => {
  const cases: readonly (readonly [expr: string, offsetMs: number, atMs?: number])[] = [
    ['info(x)', 0],
    ['info(vector(1))', 0],
    ['info(rate(x[5m] offset 1m))', 60_000],
    ['info(sum(x offset -1m) + y offset 2m)', -60_000],
    ['info(vector(1) + x offset 2m)', 120_000],
    ['info(x @ 7 offset 1s)', 1000, 7000],
    ['info(max_over_time(x[5m:1m] offset 10m))', 600_000],
    ['info(max_over_time((x offset 1m)[5m:1m] offset 10m))', 660_000],
    ['info(max_over_time((x @ 7)[5m:1m] offset 10m))', 0, 7000],
    ['info(max_over_time((x offset 1m)[5m:1m] @ 9))', 60_000, 9000],
    ['info(info(info(x offset 1m)))', 60_000],
    ['info(topk(scalar(y offset 3m), x offset 1m))', 60_000],
  ];
  for (const [expr, offsetMs, atMs] of cases) t.same(infoTimesOf(expr), { offsetMs, atMs }, expr);
});

t.test('nested calls of info() are planned in linear time', async (t) => {
  const nested = (levels: number): string => `${'info('.repeat(levels)}x offset 1m${')'.repeat(levels)}`;
  const tookMs = cpuTimeMs(() => {
    t.same(infoTimesOf(nested(50_000)), { offsetMs: 60_000, atMs: undefined });
  });
  t.ok(tookMs < 10_000, `${tookMs} ms`);
});
