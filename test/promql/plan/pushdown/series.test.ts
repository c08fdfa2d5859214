// Plans of selectors and of functions of single series.

import { one, twoRegions, uneven, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'a selector is sent to every region, and its series get the labels of the group',
    groups: twoRegions,
    expr: 'up{job="a"}',
    plan: `
fetch
  g1: up{job="a"} as {region="eu"}
  g2: up{job="a"} as {region="us"}`,
  },
  {
    name: 'a matcher on a group label selects the groups and is not sent',
    groups: twoRegions,
    expr: 'up{region=~"e.",job!=""}',
    plan: `
fetch
  g1: up{job!=""} as {region="eu"}`,
  },
  {
    name: 'a value that no group label has selects no group',
    groups: twoRegions,
    expr: 'sum(up{region="mars"})',
    plan: `
fetch`,
  },
  {
    name: 'a selector with matchers on group labels only is sent as any series with a name',
    groups: twoRegions,
    expr: '{region="us"}',
    plan: `
fetch
  g2: {__name__=~".+"} as {region="us"}`,
  },
  {
    name: 'a matcher may match series of a group that does not set the label',
    groups: uneven,
    expr: 'up{region="eu"}',
    plan: `
selector {region="eu", __name__="up"}`,
  },
  {
    name: 'a function of single series with a constant is sent whole',
    groups: twoRegions,
    expr: '-clamp_max(rate(x[5m]), 3) * 8 > time()',
    plan: `
fetch
  g1: -clamp_max(rate(x[5m]), 3) * 8 > time() as {region="eu"}
  g2: -clamp_max(rate(x[5m]), 3) * 8 > time() as {region="us"}`,
  },
  {
    name: 'label_replace that writes a group label is computed locally',
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
    name: 'histogram_quantile of buckets that keep the group label is sent',
    groups: twoRegions,
    expr: 'histogram_quantile(0.9, sum by (le, region) (rate(x_bucket[5m])))',
    plan: `
fetch
  g1: histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) as {region="eu"}
  g2: histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) as {region="us"}`,
  },
  {
    name: 'histogram_quantile over all groups is computed locally from distributed sums',
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
    name: 'trim operators are experimental and computed locally',
    groups: one,
    expr: 'x </ 0.5',
    plan: `
</
  fetch
    g1: x as {region="eu"}
  0.5`,
  },
  {
    name: 'trim operators with a locally computed operand',
    groups: one,
    expr: 'x </ scalar(y)',
    plan: `
</
  fetch
    g1: x as {region="eu"}
  scalar()
    fetch
      g1: y as {region="eu"}`,
  },
  {
    name: 'duration expressions are sent as plain durations',
    groups: one,
    expr: 'rate(x[step() * 4]) > 5m',
    plan: `
fetch
  g1: rate(x[1m]) > 300 as {region="eu"}`,
  },
  {
    name: '@ start() and @ end() are sent as the requested times',
    groups: one,
    expr: 'rate(x[5m] @ end()) - sum_over_time(y[1h] @ start() offset 1m)',
    plan: `
fetch
  g1: rate(x[5m] @ 4607.000) - ignoring (region) sum_over_time(y[1h] @ 1000.000 offset 1m) as {region="eu"}`,
  },
  {
    name: 'functions of the query times are sent as numbers',
    groups: one,
    expr: 'x > end() - start() + range() * step()',
    plan: `
fetch
  g1: x > 4607 - 1000 + 3607 * 15 as {region="eu"}`,
  },
  {
    name: 'a label name in parentheses',
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
    name: 'an expression without series is computed locally',
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
  {
    name: 'label_replace that reads a group label is computed locally',
    groups: twoRegions,
    expr: 'label_replace(a, "where", "$1", "region", "(.*)")',
    plan: `
label_replace()
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  "where"
  "$1"
  "region"
  "(.*)"`,
  },
  {
    name: 'a negated matcher that every group label satisfies is not sent',
    groups: twoRegions,
    expr: 'a{region!="mars"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: a as {region="us"}`,
  },
  {
    name: 'a matcher that matches the empty string is decided by the group label',
    groups: twoRegions,
    expr: 'a{region=~"eu|"}',
    plan: `
fetch
  g1: a as {region="eu"}`,
  },
  {
    name: 'sort is computed locally',
    groups: twoRegions,
    expr: 'sort_desc(a)',
    plan: `
sort_desc()
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}`,
  },
];

testPlans('selectors and functions of single series are sent where no group label is involved', cases);
