// Plans of what brings vectors together: joins, set operators, scalars of series, absence, nested aggregations.

import {
  alike,
  labelledTwice,
  one,
  pair,
  twoLabels,
  twoRegions,
  uneven,
  testPlans,
  type PlanCase,
} from './plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'two vectors that match by all labels are joined in each region',
    groups: twoRegions,
    expr: 'a / b',
    plan: `
fetch
  g1: a / ignoring (region) b as {region="eu"}
  g2: a / ignoring (region) b as {region="us"}`,
  },
  {
    name: 'so are those that match by the region and more, which is less the region there',
    groups: twoRegions,
    expr: 'a / on (region, pod) b',
    plan: `
fetch
  g1: a / on (pod) b as {region="eu"}
  g2: a / on (pod) b as {region="us"}`,
  },
  {
    name: 'what matches by other labels alone is brought together here',
    groups: twoRegions,
    expr: 'a / on (pod) b',
    plan: `
/ on (pod)
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  fetch
    g1: b as {region="eu"}
    g2: b as {region="us"}`,
  },
  {
    name: 'what ignores the region is brought together here',
    groups: twoRegions,
    expr: 'a / ignoring (region) b',
    plan: `
/ ignoring (region)
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  fetch
    g1: b as {region="eu"}
    g2: b as {region="us"}`,
  },
  {
    name: 'ignoring another label is not',
    groups: twoRegions,
    expr: 'a / ignoring (code) b',
    plan: `
fetch
  g1: a / ignoring (code, region) b as {region="eu"}
  g2: a / ignoring (code, region) b as {region="us"}`,
  },
  {
    name: 'a join whose one side has lost the region is computed here',
    groups: twoRegions,
    expr: 'a / on (region) group_left sum(b)',
    plan: `
/ on (region) group_left ()
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  sum
    fetch
      g1: sum(b) as {region="eu"}
      g2: sum(b) as {region="us"}`,
  },
  {
    name: 'a join with a sum that has kept it is not',
    groups: twoRegions,
    expr: 'rate(a{code="500"}[5m]) / on (region, pod) group_left sum without (code) (rate(a[5m]))',
    plan: `
fetch
  g1: rate(a{code="500"}[5m]) / on (pod) group_left () sum without (code, region) (rate(a[5m])) as {region="eu"}
  g2: rate(a{code="500"}[5m]) / on (pod) group_left () sum without (code, region) (rate(a[5m])) as {region="us"}`,
  },
  {
    name: 'a label is copied from the one side in the region',
    groups: twoRegions,
    expr: 'a * on (region, pod) group_left (node) b',
    plan: `
fetch
  g1: a * on (pod) group_left (node) b as {region="eu"}
  g2: a * on (pod) group_left (node) b as {region="us"}`,
  },
  {
    name: 'a group label that is copied from the one side is not asked of the region',
    groups: twoLabels,
    expr: 'a * on (region, tier, pod) group_left (zone) b',
    plan: `
fetch
  g1: a * on (pod) group_left (zone) b as {region="eu", tier="a"}
  g2: a * on (pod) group_left (zone) b as {region="eu", tier="b"}
  g3: a * on (pod) group_left (zone) b as {region="us", tier="a"}`,
  },
  {
    name: 'one of two labels in the matching does not tell three groups apart',
    groups: twoLabels,
    expr: 'a * on (region, pod) b',
    plan: `
* on (region, pod)
  fetch
    g1: a as {region="eu", tier="a"}
    g2: a as {region="eu", tier="b"}
    g3: a as {region="us", tier="a"}
  fetch
    g1: b as {region="eu", tier="a"}
    g2: b as {region="eu", tier="b"}
    g3: b as {region="us", tier="a"}`,
  },
  {
    name: 'both do',
    groups: twoLabels,
    expr: 'a * on (region, tier, pod) b',
    plan: `
fetch
  g1: a * on (pod) b as {region="eu", tier="a"}
  g2: a * on (pod) b as {region="eu", tier="b"}
  g3: a * on (pod) b as {region="us", tier="a"}`,
  },
  {
    name: 'what the matching drops, the result has not',
    groups: twoLabels,
    expr: 'sum by (region, tier) (a * ignoring (tier) b)',
    plan: `
sum by (region, tier)
  * ignoring (tier)
    fetch
      g1: a as {region="eu", tier="a"}
      g2: a as {region="eu", tier="b"}
      g3: a as {region="us", tier="a"}
    fetch
      g1: b as {region="eu", tier="a"}
      g2: b as {region="eu", tier="b"}
      g3: b as {region="us", tier="a"}`,
  },
  {
    name: 'a group where one side has nothing is not asked for the product',
    groups: twoRegions,
    expr: 'a{region="eu"} * b',
    plan: `
fetch
  g1: a * ignoring (region) b as {region="eu"}`,
  },
  {
    name: 'sides that no group has both of have no product',
    groups: twoRegions,
    expr: 'a{region="eu"} * on (region) b{region="us"}',
    plan: `
fetch`,
  },
  {
    name: 'regions that a product compares across are all asked, and compared here',
    groups: twoRegions,
    expr: 'a{region="eu"} / ignoring (region) b{region="us"}',
    plan: `
/ ignoring (region)
  fetch
    g1: a as {region="eu"}
  fetch
    g2: b as {region="us"}`,
  },
  {
    name: 'and, unless and or by all labels',
    groups: twoRegions,
    expr: 'a and b unless c or d',
    plan: `
fetch
  g1: a and ignoring (region) b unless ignoring (region) c or ignoring (region) d as {region="eu"}
  g2: a and ignoring (region) b unless ignoring (region) c or ignoring (region) d as {region="us"}`,
  },
  {
    name: 'unless leaves what there is where the other side has nothing',
    groups: twoRegions,
    expr: 'a unless b{region="us"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: a unless ignoring (region) b as {region="us"}`,
  },
  {
    name: 'or takes the one side where the other has nothing',
    groups: twoRegions,
    expr: 'a{region="eu"} or b{region="us"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: b as {region="us"}`,
  },
  {
    name: 'or of a vector and an aggregation over everything is computed here',
    groups: twoRegions,
    expr: 'a or sum(b)',
    plan: `
or
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  sum
    fetch
      g1: sum(b) as {region="eu"}
      g2: sum(b) as {region="us"}`,
  },
  {
    name: 'or of sides of which one has lost a group label is computed here',
    groups: twoLabels,
    expr: 'a or on (region, tier) sum by (region, tier, pod) (b) or on (region) sum by (region) (c)',
    plan: `
or on (region)
  fetch
    g1: a or on () sum by (pod) (b) as {region="eu", tier="a"}
    g2: a or on () sum by (pod) (b) as {region="eu", tier="b"}
    g3: a or on () sum by (pod) (b) as {region="us", tier="a"}
  sum by (region)
    fetch
      g1: sum(c) as {region="eu", tier="a"}
      g2: sum(c) as {region="eu", tier="b"}
      g3: sum(c) as {region="us", tier="a"}`,
  },
  {
    name: 'and with an aggregation over everything is computed here',
    groups: twoRegions,
    expr: 'a and on () (sum(b) > 1)',
    plan: `
and on ()
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  >
    sum
      fetch
        g1: sum(b) as {region="eu"}
        g2: sum(b) as {region="us"}
    1`,
  },
  {
    name: 'what is the same everywhere goes along as a filter',
    groups: twoRegions,
    expr: 'a and on () (hour() > 8)',
    plan: `
fetch
  g1: a and on () (hour() > 8) as {region="eu"}
  g2: a and on () (hour() > 8) as {region="us"}`,
  },
  {
    name: 'but nothing is added to what has no partner',
    groups: twoRegions,
    expr: 'sum by (region) (a) or vector(0)',
    plan: `
or
  fetch
    g1: sum(a) as {region="eu"}
    g2: sum(a) as {region="us"}
  vector()
    0`,
  },
  {
    name: 'vector(0) stands in for a sum here',
    groups: twoRegions,
    expr: 'sum(a) or vector(0)',
    plan: `
or
  sum
    fetch
      g1: sum(a) as {region="eu"}
      g2: sum(a) as {region="us"}
  vector()
    0`,
  },
  {
    name: 'a comparison of two vectors',
    groups: twoRegions,
    expr: 'a > bool b',
    plan: `
fetch
  g1: a > bool ignoring (region) b as {region="eu"}
  g2: a > bool ignoring (region) b as {region="us"}`,
  },
  {
    name: 'a fill is computed here, because regions may be too old for it',
    groups: twoRegions,
    expr: 'a + fill (0) b',
    plan: `
+
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  fetch
    g1: b as {region="eu"}
    g2: b as {region="us"}`,
  },
  {
    name: 'an aggregation above a join splits',
    groups: twoRegions,
    expr: 'sum by (pod) (a * on (region, pod) group_left (node) b)',
    plan: `
sum by (pod)
  fetch
    g1: sum by (pod) (a * on (pod) group_left (node) b) as {region="eu"}
    g2: sum by (pod) (a * on (pod) group_left (node) b) as {region="us"}`,
  },
  {
    name: 'an average over a join is the sums by the counts',
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
    name: 'topk that keeps the regions apart is sent',
    groups: twoRegions,
    expr: 'topk by (region) (2, a)',
    plan: `
fetch
  g1: topk(2, a) as {region="eu"}
  g2: topk(2, a) as {region="us"}`,
  },
  {
    name: 'limitk is an experiment, and regions may not have it enabled',
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
    name: 'limit_ratio goes by the hash of all labels',
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
    name: 'a join of groups that cannot be told apart is computed of merged series',
    groups: alike,
    expr: 'a / b',
    plan: `
/
  fetch, overlapping
    g1: a
    g2: a
  fetch, overlapping
    g1: b
    g2: b`,
  },
  {
    name: 'a join of replicas, too',
    groups: pair,
    expr: 'a / b',
    plan: `
/
  fetch
    g1: a as {region="eu"}
  fetch
    g1: b as {region="eu"}`,
  },
  {
    name: 'groups with labels of different names are not told apart',
    groups: uneven,
    expr: 'a / on (pod) b',
    plan: `
/ on (pod)
  fetch, overlapping
    g1: a as {region="eu"}
    g2: a as {zone="us"}
  fetch, overlapping
    g1: b as {region="eu"}
    g2: b as {zone="us"}`,
  },
  {
    name: 'with one relevant group everything goes there',
    groups: twoRegions,
    expr: 'sum(a{region="eu"}) / scalar(b{region="eu"})',
    plan: `
fetch
  g1: sum(a) / scalar(b)`,
  },
  {
    name: 'even what is a scalar of it in an argument',
    groups: twoRegions,
    expr: 'clamp_max(a{region="eu"}, scalar(max(b{region="eu"})))',
    plan: `
fetch
  g1: clamp_max(a, scalar(max(b))) as {region="eu"}`,
  },
  {
    name: 'vector(scalar()) of one region has no label of it',
    groups: twoRegions,
    expr: 'vector(scalar(a{region="eu"}))',
    plan: `
fetch
  g1: vector(scalar(a))`,
  },
  {
    name: 'vector(scalar()) of all is computed here',
    groups: twoRegions,
    expr: 'vector(scalar(a))',
    plan: `
vector()
  scalar()
    fetch
      g1: a as {region="eu"}
      g2: a as {region="us"}`,
  },
  {
    name: 'a scalar of one region does not go to another',
    groups: twoRegions,
    expr: 'a * scalar(b{region="eu"})',
    plan: `
*
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}
  scalar()
    fetch
      g1: b as {region="eu"}`,
  },
  {
    name: 'a scalar alone is computed here',
    groups: twoRegions,
    expr: 'scalar(a{region="eu"})',
    plan: `
scalar()
  fetch
    g1: a as {region="eu"}`,
  },
  {
    name: 'a selector of one region is joined with itself there',
    groups: twoRegions,
    expr: 'a{region="us"} / on (pod) group_left b{region="us"}',
    plan: `
fetch
  g2: a / on (pod) group_left () b as {region="us"}`,
  },
  {
    name: 'absence is asked as presence',
    groups: twoRegions,
    expr: 'absent(gone)',
    plan: `
absent() as {}
  group
    fetch
      g1: group(gone) as {region="eu"}
      g2: group(gone) as {region="us"}`,
  },
  {
    name: 'absence of groups that cannot be told apart, too',
    groups: alike,
    expr: 'absent({job="y"})',
    plan: `
absent() as {job="y"}
  group
    fetch, overlapping
      g1: group({job="y"})
      g2: group({job="y"})`,
  },
  {
    name: 'absence of a join',
    groups: twoRegions,
    expr: 'absent(a / b)',
    plan: `
absent() as {}
  group
    fetch
      g1: group(a / ignoring (region) b) as {region="eu"}
      g2: group(a / ignoring (region) b) as {region="us"}`,
  },
  {
    name: 'absence of what is computed here',
    groups: twoRegions,
    expr: 'absent(sum(a))',
    plan: `
absent() as {}
  sum
    fetch
      g1: sum(a) as {region="eu"}
      g2: sum(a) as {region="us"}`,
  },
  {
    name: 'a filter of an aggregation over everything',
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
    name: 'a product of it',
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
    name: 'a quotient of it',
    groups: twoRegions,
    expr: '10 / max(foo)',
    plan: `
/
  10
  max
    fetch
      g1: max(foo) as {region="eu"}
      g2: max(foo) as {region="us"}`,
  },
  {
    name: 'a product of a choice',
    groups: twoRegions,
    expr: 'topk(1, foo) * -1',
    plan: `
*
  topk
    1
    fetch
      g1: topk(1, foo) as {region="eu"}
      g2: topk(1, foo) as {region="us"}
  -1`,
  },
  {
    name: 'an aggregation that keeps the region above one that lost it',
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
    name: 'count by above sum by region',
    groups: twoRegions,
    expr: 'count by (pod) (sum by (region, pod) (a))',
    plan: `
sum by (pod)
  fetch
    g1: count by (pod) (sum by (pod) (a)) as {region="eu"}
    g2: count by (pod) (sum by (pod) (a)) as {region="us"}`,
  },
  {
    name: 'label_replace that reads a group label is done here',
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
    name: 'label_join onto another label of a join',
    groups: twoRegions,
    expr: 'label_join(a * b, "c", "-", "pod", "node")',
    plan: `
fetch
  g1: label_join(a * ignoring (region) b, "c", "-", "pod", "node") as {region="eu"}
  g2: label_join(a * ignoring (region) b, "c", "-", "pod", "node") as {region="us"}`,
  },
  {
    name: 'a negated matcher that no group fails',
    groups: twoRegions,
    expr: 'a{region!="mars"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: a as {region="us"}`,
  },
  {
    name: 'a matcher that the empty value satisfies is settled by the group',
    groups: twoRegions,
    expr: 'a{region=~"eu|"}',
    plan: `
fetch
  g1: a as {region="eu"}`,
  },
  {
    name: 'a join within a subquery',
    groups: twoRegions,
    expr: 'max_over_time((a / b)[10m:1m])',
    plan: `
fetch
  g1: max_over_time((a / ignoring (region) b)[10m:1m]) as {region="eu"}
  g2: max_over_time((a / ignoring (region) b)[10m:1m]) as {region="us"}`,
  },
  {
    name: 'histogram_quantile over a join with what has lost the region',
    groups: twoRegions,
    expr: 'histogram_quantile(0.9, sum by (le, region) (rate(h_bucket[5m])))',
    plan: `
fetch
  g1: histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m]))) as {region="eu"}
  g2: histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m]))) as {region="us"}`,
  },
  {
    name: 'quantile over everything',
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
    name: 'stddev that keeps the regions apart',
    groups: twoRegions,
    expr: 'stddev without (pod) (a)',
    plan: `
fetch
  g1: stddev without (pod, region) (a) as {region="eu"}
  g2: stddev without (pod, region) (a) as {region="us"}`,
  },
  {
    name: 'atan2 by all labels',
    groups: twoRegions,
    expr: 'a atan2 b',
    plan: `
fetch
  g1: a atan2 ignoring (region) b as {region="eu"}
  g2: a atan2 ignoring (region) b as {region="us"}`,
  },
  {
    name: 'group_right',
    groups: twoRegions,
    expr: 'a * on (region, pod) group_right (node) b',
    plan: `
fetch
  g1: a * on (pod) group_right (node) b as {region="eu"}
  g2: a * on (pod) group_right (node) b as {region="us"}`,
  },
  {
    name: 'a sort is done here',
    groups: twoRegions,
    expr: 'sort_desc(a)',
    plan: `
sort_desc()
  fetch
    g1: a as {region="eu"}
    g2: a as {region="us"}`,
  },
  {
    name: 'a chain of sums shares nothing but asks at once',
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
  {
    name: 'a side that can fail is computed in all its regions, though the other side has something in one only',
    groups: twoRegions,
    expr: 'a{region="eu"} / on (region, pod) (b * c)',
    plan: `
/ on (region, pod)
  fetch
    g1: a as {region="eu"}
  fetch
    g1: (b * ignoring (region) c) as {region="eu"}
    g2: (b * ignoring (region) c) as {region="us"}`,
  },
  {
    name: 'and though it has nothing in any',
    groups: twoRegions,
    expr: 'a{region="nowhere"} unless -{job="b"}',
    plan: `
unless
  fetch
  fetch
    g1: -{job="b"} as {region="eu"}
    g2: -{job="b"} as {region="us"}`,
  },
  {
    name: 'one that cannot fail is only computed where it is needed',
    groups: twoRegions,
    expr: 'a{region="eu"} / on (region, pod) sum by (region, pod) (rate(b[5m]))',
    plan: `
fetch
  g1: a / on (pod) sum by (pod) (rate(b[5m])) as {region="eu"}`,
  },
  {
    name: 'what is absent has no label that is matched against, whichever matcher comes first',
    groups: one,
    expr: 'absent(a{job!="x",job="y",pod!="",pod="z"})',
    plan: `
absent() as {pod="z"}
  group
    fetch
      g1: group(a{job!="x",job="y",pod!="",pod="z"}) as {region="eu"}`,
  },
  {
    name: 'a constant without labels is no partner of what has one that its region does not know',
    groups: twoRegions,
    expr: 'sum by (region) (a) and vector(1)',
    plan: `
and
  fetch
    g1: sum(a) as {region="eu"}
    g2: sum(a) as {region="us"}
  vector()
    1`,
  },
  {
    name: 'but one of what is matched by nothing of that kind',
    groups: twoRegions,
    expr: 'sum by (region) (a) unless ignoring (region) vector(1)',
    plan: `
fetch
  g1: sum(a) unless ignoring (region) vector(1) as {region="eu"}
  g2: sum(a) unless ignoring (region) vector(1) as {region="us"}`,
  },
  {
    name: 'what has lost one label of its group is no partner of what has it, though another tells the regions apart',
    groups: labelledTwice,
    expr: 'sum by (region) (a) / sum by (region, tier) (b)',
    plan: `
/
  fetch
    g1: sum(a) as {region="eu"}
    g2: sum(a) as {region="us"}
  fetch
    g1: sum(b) as {region="eu", tier="a"}
    g2: sum(b) as {region="us", tier="b"}`,
  },
  {
    name: 'nor is it in the one region there is for it',
    groups: twoRegions,
    expr: 'sum by (region) (a{region="eu"}) and sum(b{region="eu"})',
    plan: `
and
  fetch
    g1: sum(a) as {region="eu"}
  fetch
    g1: sum(b)`,
  },
  {
    name: 'it is when they match by the other',
    groups: labelledTwice,
    expr: 'sum by (region) (a) / on (region) sum by (region, tier) (b)',
    plan: `
fetch
  g1: sum(a) / on () sum(b) as {region="eu"}
  g2: sum(a) / on () sum(b) as {region="us"}`,
  },
];

testPlans(
  'what brings series together is computed in the regions where the matching keeps them apart',
  cases,
);
