// Plans of aggregations.

import { twoLabels, twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'a sum over all groups is distributed',
    groups: twoRegions,
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  fetch
    g1: sum(rate(x[5m])) as {region="eu"}
    g2: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'an aggregation that keeps the group label is sent whole, without that label',
    groups: twoRegions,
    expr: 'quantile by (region, job) (0.9, x)',
    plan: `
fetch
  g1: quantile by (job) (0.9, x) as {region="eu"}
  g2: quantile by (job) (0.9, x) as {region="us"}`,
  },
  {
    name: 'without keeps the group label; the region drops its own label of that name',
    groups: twoRegions,
    expr: 'sum without (pod) (x)',
    plan: `
fetch
  g1: sum without (pod, region) (x) as {region="eu"}
  g2: sum without (pod, region) (x) as {region="us"}`,
  },
  {
    name: 'without the group label is distributed',
    groups: twoRegions,
    expr: 'max without (region) (x)',
    plan: `
max without (region)
  fetch
    g1: max without (region) (x) as {region="eu"}
    g2: max without (region) (x) as {region="us"}`,
  },
  {
    name: 'a count is the sum of counts',
    groups: twoRegions,
    expr: 'count by (job) (x)',
    plan: `
sum by (job)
  fetch
    g1: count by (job) (x) as {region="eu"}
    g2: count by (job) (x) as {region="us"}`,
  },
  {
    name: 'an average is the sum of sums divided by the sum of counts',
    groups: twoRegions,
    expr: 'avg(x)',
    plan: `
/
  sum
    fetch
      g1: sum(x) as {region="eu"}
      g2: sum(x) as {region="us"}
  sum
    fetch
      g1: count(x) as {region="eu"}
      g2: count(x) as {region="us"}`,
  },
  {
    name: 'an average by metric name is computed locally, because a division drops the name',
    groups: twoRegions,
    expr: 'avg by (__name__) ({job="a"})',
    plan: `
avg by (__name__)
  fetch
    g1: {job="a"} as {region="eu"}
    g2: {job="a"} as {region="us"}`,
  },
  {
    name: 'topk is distributed with a constant parameter',
    groups: twoRegions,
    expr: 'topk by (job) (3, x)',
    plan: `
topk by (job)
  3
  fetch
    g1: topk by (job) (3, x) as {region="eu"}
    g2: topk by (job) (3, x) as {region="us"}`,
  },
  {
    name: 'topk with a parameter that reads series is computed locally',
    groups: twoRegions,
    expr: 'topk(scalar(k), x)',
    plan: `
topk
  scalar()
    fetch
      g1: k as {region="eu"}
      g2: k as {region="us"}
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}`,
  },
  {
    name: 'count_values keeps the label of its values in the outer sum',
    groups: twoRegions,
    expr: 'count_values by (job) ("version", x)',
    plan: `
sum by (job, version)
  fetch
    g1: count_values by (job) ("version", x) as {region="eu"}
    g2: count_values by (job) ("version", x) as {region="us"}`,
  },
  {
    name: 'count_values that writes a group label is computed locally',
    groups: twoRegions,
    expr: 'count_values("region", x)',
    plan: `
count_values
  "region"
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}`,
  },
  {
    name: 'count_values without its own label keeps that label',
    groups: twoRegions,
    expr: 'count_values without (region, version) ("version", x)',
    plan: `
sum without (region)
  fetch
    g1: count_values without (region, version) ("version", x) as {region="eu"}
    g2: count_values without (region, version) ("version", x) as {region="us"}`,
  },
  {
    name: 'stddev over all groups is computed locally',
    groups: twoRegions,
    expr: 'stddev(x)',
    plan: `
stddev
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}`,
  },
  {
    name: 'a comparison with a sum over all groups is computed locally',
    groups: twoRegions,
    expr: 'max(foo) < 2',
    plan: `
<
  max
    fetch
      g1: max(foo) as {region="eu"}
      g2: max(foo) as {region="us"}
  2`,
  },
  {
    name: 'the negation of a distributed sum is computed locally',
    groups: twoRegions,
    expr: 'max(foo) * -1',
    plan: `
*
  max
    fetch
      g1: max(foo) as {region="eu"}
      g2: max(foo) as {region="us"}
  -1`,
  },
  {
    name: 'an aggregation of one that keeps the group label is distributed',
    groups: twoRegions,
    expr: 'max(sum by (region, job) (x))',
    plan: `
max
  fetch
    g1: max(sum by (job) (x)) as {region="eu"}
    g2: max(sum by (job) (x)) as {region="us"}`,
  },
  {
    name: 'an aggregation of a distributed one is computed locally',
    groups: twoRegions,
    expr: 'max(sum by (job) (x))',
    plan: `
max
  sum by (job)
    fetch
      g1: sum by (job) (x) as {region="eu"}
      g2: sum by (job) (x) as {region="us"}`,
  },
  {
    name: 'an aggregation that keeps both labels that distinguish the groups is sent whole',
    groups: twoLabels,
    expr: 'sum by (region, tier) (x)',
    plan: `
fetch
  g1: sum(x) as {region="eu", tier="a"}
  g2: sum(x) as {region="eu", tier="b"}
  g3: sum(x) as {region="us", tier="a"}`,
  },
  {
    name: 'an aggregation that keeps one of these labels is distributed',
    groups: twoLabels,
    expr: 'sum by (tier) (x)',
    plan: `
sum by (tier)
  fetch
    g1: sum(x) as {region="eu", tier="a"}
    g2: sum(x) as {region="eu", tier="b"}
    g3: sum(x) as {region="us", tier="a"}`,
  },
  {
    name: 'an aggregation of a pushed-down join is distributed',
    groups: twoRegions,
    expr: 'sum by (pod) (a * on (region, pod) group_left (node) b)',
    plan: `
sum by (pod)
  fetch
    g1: sum by (pod) (a * on (pod) group_left (node) b) as {region="eu"}
    g2: sum by (pod) (a * on (pod) group_left (node) b) as {region="us"}`,
  },
  {
    name: 'an average of a pushed-down join is distributed',
    groups: twoRegions,
    expr: 'avg(a - b)',
    plan: `
/
  sum
    fetch
      g1: sum(a - ignoring (region) b) as {region="eu"}
      g2: sum(a - ignoring (region) b) as {region="us"}
  sum
    fetch
      g1: count(a - ignoring (region) b) as {region="eu"}
      g2: count(a - ignoring (region) b) as {region="us"}`,
  },
  {
    name: 'topk that keeps the group label is sent',
    groups: twoRegions,
    expr: 'topk by (region) (2, a)',
    plan: `
fetch
  g1: topk(2, a) as {region="eu"}
  g2: topk(2, a) as {region="us"}`,
  },
  {
    name: 'limitk is experimental and computed locally',
    groups: twoRegions,
    expr: 'limitk(2, a)',
    plan: `
limitk
  2
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}`,
  },
  {
    name: 'limit_ratio is experimental and computed locally',
    groups: twoRegions,
    expr: 'limit_ratio(0.5, a)',
    plan: `
limit_ratio
  0.5
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}`,
  },
  {
    name: 'an aggregation by the group label of one that dropped it',
    groups: twoRegions,
    expr: 'sum by (region) (count by (pod) (a))',
    plan: `
sum by (region)
  sum by (pod)
    fetch
      g1: count by (pod) (a) as {region="eu"}
      g2: count by (pod) (a) as {region="us"}`,
  },
  {
    name: 'a count by another label of a sum by the group label',
    groups: twoRegions,
    expr: 'count by (pod) (sum by (region, pod) (a))',
    plan: `
sum by (pod)
  fetch
    g1: count by (pod) (sum by (pod) (a)) as {region="eu"}
    g2: count by (pod) (sum by (pod) (a)) as {region="us"}`,
  },
  {
    name: 'quantile over all groups is computed locally',
    groups: twoRegions,
    expr: 'quantile(0.9, rate(a[5m]))',
    plan: `
quantile
  0.9
  fetch
    g1: rate(a[5m]) as {region="eu"}
    g2: rate(a[5m]) as {region="us"}`,
  },
  {
    name: 'stddev that keeps the group label is sent',
    groups: twoRegions,
    expr: 'stddev without (pod) (a)',
    plan: `
fetch
  g1: stddev without (pod, region) (a) as {region="eu"}
  g2: stddev without (pod, region) (a) as {region="us"}`,
  },
  {
    name: 'each sum of a chain is distributed',
    groups: twoRegions,
    expr: 'sum(a) + sum(b) + sum(a)',
    plan: `
+
  +
    sum
      fetch
        g1: sum(a) as {region="eu"}
        g2: sum(a) as {region="us"}
    sum
      fetch
        g1: sum(b) as {region="eu"}
        g2: sum(b) as {region="us"}
  sum
    fetch
      g1: sum(a) as {region="eu"}
      g2: sum(a) as {region="us"}`,
  },
];

testPlans('aggregations are sent, distributed or computed locally by the labels that they keep', cases);
