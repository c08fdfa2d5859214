// Plans of what works on one vector: selectors, functions, aggregations, subqueries.

import t from 'tap';

import { operands, type PlanNode } from '../../../src/promql/plan/index.js';
import {
  alike,
  one,
  pair,
  twoLabels,
  twoRegions,
  uneven,
  planOf,
  testPlans,
  type PlanCase,
} from './plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'a selector goes to every region and comes back with its labels',
    groups: twoRegions,
    expr: 'up{job="a"}',
    plan: `
fetch
  g1: up{job="a"} as {region="eu"}
  g2: up{job="a"} as {region="us"}`,
  },
  {
    name: 'a matcher on a group label chooses the groups and is not sent',
    groups: twoRegions,
    expr: 'up{region=~"e.",job!=""}',
    plan: `
fetch
  g1: up{job!=""} as {region="eu"}`,
  },
  {
    name: 'a group label that no group has leaves nobody to ask',
    groups: twoRegions,
    expr: 'sum(up{region="mars"})',
    plan: `
fetch`,
  },
  {
    name: 'a selector of group labels alone is sent as every series that has a name',
    groups: twoRegions,
    expr: '{region="us"}',
    plan: `
fetch
  g2: {__name__=~".+"} as {region="us"}`,
  },
  {
    name: 'a group that does not set a label is sent the matcher on it',
    groups: uneven,
    expr: 'up{region="eu"}',
    plan: `
fetch, overlapping
  g1: up as {region="eu"}
  g2: up{region="eu"} as {zone="us"}`,
  },
  {
    name: 'a per-series function with a constant is sent whole',
    groups: twoRegions,
    expr: '-clamp_max(rate(x[5m]), 3) * 8 > time()',
    plan: `
fetch
  g1: -clamp_max(rate(x[5m]), 3) * 8 > time() as {region="eu"}
  g2: -clamp_max(rate(x[5m]), 3) * 8 > time() as {region="us"}`,
  },
  {
    name: 'a sum over everything splits in two',
    groups: twoRegions,
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  fetch
    g1: sum(rate(x[5m])) as {region="eu"}
    g2: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'an aggregation that keeps the regions apart is sent whole, less their label',
    groups: twoRegions,
    expr: 'quantile by (region, job) (0.9, x)',
    plan: `
fetch
  g1: quantile by (job) (0.9, x) as {region="eu"}
  g2: quantile by (job) (0.9, x) as {region="us"}`,
  },
  {
    name: 'without keeps the regions apart, and the region is told to drop a label of that name of its own',
    groups: twoRegions,
    expr: 'sum without (pod) (x)',
    plan: `
fetch
  g1: sum without (pod, region) (x) as {region="eu"}
  g2: sum without (pod, region) (x) as {region="us"}`,
  },
  {
    name: 'without the region label splits in two',
    groups: twoRegions,
    expr: 'max without (region) (x)',
    plan: `
max without (region)
  fetch
    g1: max without (region) (x) as {region="eu"}
    g2: max without (region) (x) as {region="us"}`,
  },
  {
    name: 'counts are summed',
    groups: twoRegions,
    expr: 'count by (job) (x)',
    plan: `
sum by (job)
  fetch
    g1: count by (job) (x) as {region="eu"}
    g2: count by (job) (x) as {region="us"}`,
  },
  {
    name: 'an average is the sums by the counts',
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
    name: 'an average by metric name is computed here, because a division would drop the name',
    groups: twoRegions,
    expr: 'avg by (__name__) ({job="a"})',
    plan: `
avg by (__name__)
  fetch
    g1: {job="a"} as {region="eu"}
    g2: {job="a"} as {region="us"}`,
  },
  {
    name: 'topk splits in two and keeps its parameter here',
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
    name: 'topk with a parameter that is not constant is computed here',
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
    name: 'count_values onto a group label is computed here',
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
    name: 'count_values without its own label keeps it all the same',
    groups: twoRegions,
    expr: 'count_values without (region, version) ("version", x)',
    plan: `
sum without (region)
  fetch
    g1: count_values without (region, version) ("version", x) as {region="eu"}
    g2: count_values without (region, version) ("version", x) as {region="us"}`,
  },
  {
    name: 'stddev over everything is computed here',
    groups: twoRegions,
    expr: 'stddev(x)',
    plan: `
stddev
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}`,
  },
  {
    name: 'a comparison with an aggregation over everything is computed here',
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
    name: 'nothing is pushed through a change of sign of an aggregation',
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
    name: 'two vectors are brought together here',
    groups: twoRegions,
    expr: 'a / on (job) group_left (x) b',
    plan: `
/ on (job) group_left (x)
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  fetch
    g1: b as {region="eu"}
    g2: b as {region="us"}`,
  },
  {
    name: 'an aggregation above one that keeps the regions apart splits above it',
    groups: twoRegions,
    expr: 'max(sum by (region, job) (x))',
    plan: `
max
  fetch
    g1: max(sum by (job) (x)) as {region="eu"}
    g2: max(sum by (job) (x)) as {region="us"}`,
  },
  {
    name: 'an aggregation above one that does not is computed here',
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
    name: 'absent is asked of all and decided here',
    groups: twoRegions,
    expr: 'absent(x{job="a",region="eu"})',
    plan: `
absent() as {job="a", region="eu"}
  group
    fetch
      g1: group(x{job="a"}) as {region="eu"}`,
  },
  {
    name: 'absent over a range is the absence of a last sample in it',
    groups: twoRegions,
    expr: 'absent_over_time(x{job="a"}[5m])',
    plan: `
absent() as {job="a"}
  group
    fetch
      g1: group(last_over_time(x{job="a"}[5m])) as {region="eu"}
      g2: group(last_over_time(x{job="a"}[5m])) as {region="us"}`,
  },
  {
    name: 'scalar() needs every region before it is one number',
    groups: twoRegions,
    expr: 'vector(scalar(x))',
    plan: `
vector()
  scalar()
    fetch
      g1: x as {region="eu"}
      g2: x as {region="us"}`,
  },
  {
    name: 'label_replace onto a group label is done here',
    groups: twoRegions,
    expr: 'label_replace(x, "region", "$1", "job", "(.*)")',
    plan: `
label_replace()
  fetch
    g1: x as {region="eu"}
    g2: x as {region="us"}
  "region"
  "$1"
  "job"
  "(.*)"`,
  },
  {
    name: 'label_replace of other labels is sent',
    groups: twoRegions,
    expr: 'label_replace(x, "a", "$1", "job", "(.*)")',
    plan: `
fetch
  g1: label_replace(x, "a", "$1", "job", "(.*)") as {region="eu"}
  g2: label_replace(x, "a", "$1", "job", "(.*)") as {region="us"}`,
  },
  {
    name: 'histogram_quantile of buckets that are kept apart is sent',
    groups: twoRegions,
    expr: 'histogram_quantile(0.9, sum by (le, region) (rate(x_bucket[5m])))',
    plan: `
fetch
  g1: histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) as {region="eu"}
  g2: histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) as {region="us"}`,
  },
  {
    name: 'histogram_quantile over everything is computed here from the sums',
    groups: twoRegions,
    expr: 'histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))',
    plan: `
histogram_quantile()
  0.9
  sum by (le)
    fetch
      g1: sum by (le) (rate(x_bucket[5m])) as {region="eu"}
      g2: sum by (le) (rate(x_bucket[5m])) as {region="us"}`,
  },
  {
    name: 'with one relevant group an aggregation over everything is sent whole, and has no group label',
    groups: twoRegions,
    expr: 'sum(x{region="eu"}) / 2',
    plan: `
fetch
  g1: sum(x) / 2`,
  },
  {
    name: 'with one group, by its label means with its label',
    groups: one,
    expr: 'sum by (region) (x)',
    plan: `
fetch
  g1: sum(x) as {region="eu"}`,
  },
  {
    name: 'two labels together tell groups apart',
    groups: twoLabels,
    expr: 'sum by (region, tier) (x)',
    plan: `
fetch
  g1: sum(x) as {region="eu", tier="a"}
  g2: sum(x) as {region="eu", tier="b"}
  g3: sum(x) as {region="us", tier="a"}`,
  },
  {
    name: 'one of the two labels is not enough',
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
    name: 'groups that cannot be told apart are asked for series only, and aggregated here',
    groups: alike,
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  fetch, overlapping
    g1: rate(x[5m])
    g2: rate(x[5m])`,
  },
  {
    name: 'a filter is not sent to groups that cannot be told apart',
    groups: alike,
    expr: 'x > 5',
    plan: `
>
  fetch, overlapping
    g1: x
    g2: x
  5`,
  },
  {
    name: 'a comparison with bool is',
    groups: alike,
    expr: 'x > bool 5',
    plan: `
fetch, overlapping
  g1: x > bool 5
  g2: x > bool 5`,
  },
  {
    name: 'histograms are trimmed here, because regions may be too old for it',
    groups: alike,
    expr: 'x </ 0.5',
    plan: `
</
  fetch, overlapping
    g1: x
    g2: x
  0.5`,
  },
  {
    name: 'histograms are trimmed here by what has to be computed here',
    groups: alike,
    expr: 'x </ scalar(y)',
    plan: `
</
  fetch, overlapping
    g1: x
    g2: x
  scalar()
    fetch, overlapping
      g1: y
      g2: y`,
  },
  {
    name: 'replicas are asked for series only, whose samples are merged before they are aggregated',
    groups: pair,
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
sum by (region)
  fetch
    g1: rate(x[5m]) as {region="eu"}`,
  },
  {
    name: 'where gaps of one are to be filled, samples of replicas are merged before a function looks at a window of them',
    groups: pair.map((group) => ({ ...group, mergesWindows: true })),
    expr: 'sum(rate(x[5m])) + max_over_time(x[1h:1m])',
    plan: `
+
  sum
    rate()
      range 300000ms
        selector {__name__="x"}
  max_over_time()
    subquery 3600000ms:60000
      fetch
        g1: x as {region="eu"}`,
  },
  {
    name: 'a filter is not sent to replicas',
    groups: pair,
    expr: 'x > 5',
    plan: `
>
  fetch
    g1: x as {region="eu"}
  5`,
  },
  {
    name: 'subqueries are sent with the step that promfed would take',
    groups: twoRegions,
    expr: 'max_over_time(rate(x[5m])[1h:] offset 1h)',
    plan: `
fetch
  g1: max_over_time(rate(x[5m])[1h:1m] offset 1h) as {region="eu"}
  g2: max_over_time(rate(x[5m])[1h:1m] offset 1h) as {region="us"}`,
  },
  {
    name: 'durations that depend on the query are sent as plain ones',
    groups: one,
    expr: 'rate(x[step() * 4]) > 5m',
    plan: `
fetch
  g1: rate(x[1m]) > 300 as {region="eu"}`,
  },
  {
    name: '@ start() and @ end() are sent as the times that were asked for',
    groups: one,
    expr: 'rate(x[5m] @ end()) - sum_over_time(y[1h] @ start() offset 1m)',
    plan: `
fetch
  g1: rate(x[5m] @ 4607.000) - ignoring (region) sum_over_time(y[1h] @ 1000.000 offset 1m) as {region="eu"}`,
  },
  {
    name: 'functions of the query are sent as the numbers that they give',
    groups: one,
    expr: 'x > end() - start() + range() * step()',
    plan: `
fetch
  g1: x > 4607 - 1000 + 3607 * 15 as {region="eu"}`,
  },
  {
    name: 'a name in parentheses is a name all the same',
    groups: twoRegions,
    expr: 'count_values by (region) (("region"), label_replace(x, ("region"), "a", "b", "c"))',
    plan: `
count_values by (region)
  "region"
  label_replace()
    fetch
      g1: x as {region="eu"}
      g2: x as {region="us"}
    "region"
    "a"
    "b"
    "c"`,
  },
  {
    name: 'series of several metrics keep their names until the groups that cannot be told apart are merged',
    groups: alike,
    expr: '-{job="y"} + 0',
    plan: `
+
  negate
    fetch, overlapping
      g1: {job="y"}
      g2: {job="y"}
  0`,
  },
  {
    name: 'a subquery over what is computed here asks for its operands at its own steps',
    groups: twoRegions,
    expr: 'max_over_time(sum(x)[1h:]) / sum(y)',
    plan: `
/
  max_over_time()
    subquery 3600000ms:default
      sum
        fetch
          g1: sum(x) as {region="eu"}
          g2: sum(x) as {region="us"}
  sum
    fetch
      g1: sum(y) as {region="eu"}
      g2: sum(y) as {region="us"}`,
  },
  {
    name: 'a subquery within a subquery, too',
    groups: twoRegions,
    expr: 'max_over_time(rate((sum(x))[10m:1m])[1h:5m])',
    plan: `
max_over_time()
  subquery 3600000ms:300000
    rate()
      subquery 600000ms:60000
        sum
          fetch
            g1: sum(x) as {region="eu"}
            g2: sum(x) as {region="us"}`,
  },
  {
    name: 'a range function whose other argument has to be computed here is computed here from raw samples',
    groups: twoRegions,
    expr: 'quantile_over_time(scalar(y), x[5m])',
    plan: `
quantile_over_time()
  scalar()
    fetch
      g1: y as {region="eu"}
      g2: y as {region="us"}
  range 300000ms
    selector {__name__="x"}`,
  },
  {
    name: 'a subquery under such an argument is computed here too, though regions could compute it',
    groups: twoRegions,
    expr: 'quantile_over_time(scalar(y), (x > 1)[5m:1m])',
    plan: `
quantile_over_time()
  scalar()
    fetch
      g1: y as {region="eu"}
      g2: y as {region="us"}
  subquery 300000ms:60000
    fetch
      g1: (x > 1) as {region="eu"}
      g2: (x > 1) as {region="us"}`,
  },
  {
    name: 'several metrics of groups that cannot be told apart are brought together as raw samples',
    groups: alike,
    expr: 'sum(rate({job="y"}[5m]))',
    plan: `
sum
  rate()
    range 300000ms
      selector {job="y"}`,
  },
  {
    name: 'a filter over groups that cannot be told apart is taken of merged series within a subquery',
    groups: alike,
    expr: 'min_over_time((x > 5)[1h:1m])',
    plan: `
min_over_time()
  subquery 3600000ms:60000
    >
      fetch, overlapping
        g1: x
        g2: x
      5`,
  },
  {
    name: 'absence over several metrics of groups that cannot be told apart',
    groups: alike,
    expr: 'absent_over_time({job="y"}[5m])',
    plan: `
absent() as {job="y"}
  last_over_time()
    range 300000ms
      selector {job="y"}`,
  },
  {
    name: 'what reads no series is computed here',
    groups: twoRegions,
    expr: 'vector(1) + time() * 2',
    plan: `
+
  vector()
    1
  *
    time()
    2`,
  },
];

testPlans('an expression over groups is planned as the algebra allows', cases);

t.test('equal fetches have equal keys, different ones do not', async (t) => {
  const keysOf = (node: PlanNode): string[] =>
    node.kind === 'fetch' ? [node.fetch.key] : operands(node).flatMap(keysOf);
  const keys = keysOf(planOf('sum(x) + sum(x) + sum(y)', twoRegions));
  t.equal(keys[0], keys[1]);
  t.not(keys[0], keys[2]);
});
