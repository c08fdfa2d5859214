// Plans over groups that have complete native histograms in their raw samples only.

import t from 'tap';

import { Labels } from '../../../src/model/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import {
  explainPlan,
  planDistributed,
  printExplained,
  printPlan,
  type PlannedGroup,
} from '../../../src/promql/plan/index.js';
import { planTimes, testPlans, type PlanCase } from './plan-cases.js';

const known = new Set(['h', 'other']);

function regions(more: Partial<PlannedGroup> = {}): PlannedGroup[] {
  return ['eu', 'us'].map((name) => ({
    name,
    labels: Labels.from({ region: name }),
    replicated: false,
    histograms: known,
    ...more,
  }));
}

const raw = (above: string, indent: string): string => `
${above}
${indent}range 300000ms
${indent}  selector {__name__="h"}`;

const cases: PlanCase[] = [
  {
    name: 'a fetch that passes through is sent',
    groups: regions(),
    expr: 'rate(h[5m])',
    plan: `
fetch
  eu: rate(h[5m]) as {region="eu"}
  us: rate(h[5m]) as {region="us"}`,
  },
  {
    name: 'a sum over groups reads raw samples',
    groups: regions(),
    expr: 'sum(rate(h[5m]))',
    plan: raw('sum\n  rate()', '    '),
  },
  {
    name: 'sums of floats are distributed',
    groups: regions(),
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  fetch
    eu: sum(rate(x[5m])) as {region="eu"}
    us: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'expressions of histograms whose results are floats are sent',
    groups: regions(),
    expr: 'sum(histogram_count(rate(h[5m])))',
    plan: `
sum
  fetch
    eu: sum(histogram_count(rate(h[5m]))) as {region="eu"}
    us: sum(histogram_count(rate(h[5m]))) as {region="us"}`,
  },
  {
    name: 'a function of native histograms only reads raw samples of any name',
    groups: regions(),
    expr: 'histogram_avg(sum(x))',
    plan: `
histogram_avg()
  sum
    selector {__name__="x"}`,
  },
  {
    name: 'a function of both kinds reads raw samples of known names',
    groups: regions(),
    expr: 'histogram_quantile(0.9, sum by (le) (rate(x[5m])))',
    plan: `
histogram_quantile()
  0.9
  sum by (le)
    fetch
      eu: sum by (le) (rate(x[5m])) as {region="eu"}
      us: sum by (le) (rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'the other operand of a raw one is sent',
    groups: regions(),
    expr: 'count(h) + histogram_sum(sum(h)) + sum(x)',
    plan: `
+
  +
    sum
      fetch
        eu: count(h) as {region="eu"}
        us: count(h) as {region="us"}
    histogram_sum()
      sum
        selector {__name__="h"}
  sum
    fetch
      eu: sum(x) as {region="eu"}
      us: sum(x) as {region="us"}`,
  },
  {
    name: 'an expression is sent to groups without complete native histograms',
    groups: regions({ histograms: undefined }),
    expr: 'histogram_sum(sum(h))',
    plan: `
histogram_sum()
  sum
    fetch
      eu: sum(h) as {region="eu"}
      us: sum(h) as {region="us"}`,
  },
  {
    name: 'replicas are merged from raw samples',
    groups: regions({ replicated: true }),
    expr: 'h',
    plan: `
selector {__name__="h"}`,
  },
  {
    name: 'a pattern of names is not known to match native histograms',
    groups: regions(),
    expr: 'sum({__name__=~"h|other"})',
    plan: `
sum
  fetch
    eu: sum({__name__=~"h|other"}) as {region="eu"}
    us: sum({__name__=~"h|other"}) as {region="us"}`,
  },
];

testPlans('native histograms that are computed with are read from raw samples', cases);
testPlans(
  'selections that answered with native histograms are read from raw samples',
  [
    {
      name: 'a selection that answered with native histograms',
      groups: regions(),
      expr: 'sum({__name__=~"h|other"}) / sum({__name__=~"other|h"})',
      plan: `
/
  sum
    selector {__name__=~"h|other"}
  sum
    fetch
      eu: sum({__name__=~"other|h"}) as {region="eu"}
      us: sum({__name__=~"other|h"}) as {region="us"}`,
    },
  ],
  { histogramSelections: new Set(['{__name__=~"h|other"}']) },
);

t.test('explain names the group with native histograms', async (t) => {
  const groups = regions();
  for (const expr of ['sum(h)', 'sum(rate(h[5m]))']) {
    const plan = planDistributed(parseExpr(expr), groups, planTimes);
    t.match(printExplained(explainPlan(plan)), /eu has native histograms: its raw samples are read/, expr);
  }
});

t.test('a query of many native histograms is planned a few times only', async (t) => {
  const deep = Array.from({ length: 300 }, (_, i) => i).reduce(
    (below, i) => `(count(sum by (region) (h{i="${i}"})) or sum by (region) (h) + ${below})`,
    'h',
  );
  const plan = planDistributed(parseExpr(deep), regions(), planTimes);
  t.notMatch(printPlan(plan), /eu: sum by \(region\) \(h\)/);
});
