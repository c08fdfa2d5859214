// Plans of operators between two vectors.

import { labelledTwice, twoLabels, twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'an operation that matches on other labels only is computed locally',
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
    name: 'two vectors that match on all labels are joined in each region',
    groups: twoRegions,
    expr: 'a / b',
    plan: `
fetch
  g1: a / ignoring (region) b as {region="eu"}
  g2: a / ignoring (region) b as {region="us"}`,
  },
  {
    name: 'the group label is removed from the matching labels that are sent',
    groups: twoRegions,
    expr: 'a / on (region, pod) b',
    plan: `
fetch
  g1: a / on (pod) b as {region="eu"}
  g2: a / on (pod) b as {region="us"}`,
  },
  {
    name: 'a join on other labels only is computed locally',
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
    name: 'a join that ignores the group label is computed locally',
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
    name: 'a join that ignores another label is sent',
    groups: twoRegions,
    expr: 'a / ignoring (code) b',
    plan: `
fetch
  g1: a / ignoring (code, region) b as {region="eu"}
  g2: a / ignoring (code, region) b as {region="us"}`,
  },
  {
    name: 'a join with a side that has lost the group label is computed locally',
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
    name: 'a join with a sum that keeps the group label is sent',
    groups: twoRegions,
    expr: 'rate(a{code="500"}[5m]) / on (region, pod) group_left sum without (code) (rate(a[5m]))',
    plan: `
fetch
  g1: rate(a{code="500"}[5m]) / on (pod) group_left () sum without (code, region) (rate(a[5m])) as {region="eu"}
  g2: rate(a{code="500"}[5m]) / on (pod) group_left () sum without (code, region) (rate(a[5m])) as {region="us"}`,
  },
  {
    name: 'group_left with an included label is sent',
    groups: twoRegions,
    expr: 'a * on (region, pod) group_left (node) b',
    plan: `
fetch
  g1: a * on (pod) group_left (node) b as {region="eu"}
  g2: a * on (pod) group_left (node) b as {region="us"}`,
  },
  {
    name: 'an included group label is removed from what is sent',
    groups: labelledTwice,
    expr: 'a * on (region, pod) group_left (tier, zone) b',
    plan: `
fetch
  g1: a * on (pod) group_left (zone) b as {region="eu", tier="a"}
  g2: a * on (pod) group_left (zone) b as {region="us", tier="b"}`,
  },
  {
    name: 'a join on one of two labels that distinguish three groups is computed locally',
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
    name: 'a join on both labels is sent',
    groups: twoLabels,
    expr: 'a * on (region, tier, pod) b',
    plan: `
fetch
  g1: a * on (pod) b as {region="eu", tier="a"}
  g2: a * on (pod) b as {region="eu", tier="b"}
  g3: a * on (pod) b as {region="us", tier="a"}`,
  },
  {
    name: 'an aggregation of a join that ignores one of two group labels is computed locally',
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
    name: 'a group that one side has no data in is not queried',
    groups: twoRegions,
    expr: 'a{region="eu"} * b',
    plan: `
fetch
  g1: a * ignoring (region) b as {region="eu"}`,
  },
  {
    name: 'sides without a common group have an empty product',
    groups: twoRegions,
    expr: 'a{region="eu"} * on (region) b{region="us"}',
    plan: `
fetch`,
  },
  {
    name: 'a product across groups is computed locally',
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
    name: 'a comparison of two vectors on all labels is sent',
    groups: twoRegions,
    expr: 'a > bool b',
    plan: `
fetch
  g1: a > bool ignoring (region) b as {region="eu"}
  g2: a > bool ignoring (region) b as {region="us"}`,
  },
  {
    name: 'a fill modifier is experimental and computed locally',
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
    name: 'a quotient with a distributed aggregation is computed locally',
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
    name: 'a product with a distributed topk is computed locally',
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
    name: 'label_join that writes another label of a join is sent',
    groups: twoRegions,
    expr: 'label_join(a * b, "c", "-", "pod", "node")',
    plan: `
fetch
  g1: label_join(a * ignoring (region) b, "c", "-", "pod", "node") as {region="eu"}
  g2: label_join(a * ignoring (region) b, "c", "-", "pod", "node") as {region="us"}`,
  },
  {
    name: 'atan2 on all labels is sent',
    groups: twoRegions,
    expr: 'a atan2 b',
    plan: `
fetch
  g1: a atan2 ignoring (region) b as {region="eu"}
  g2: a atan2 ignoring (region) b as {region="us"}`,
  },
  {
    name: 'group_right with an included label is sent',
    groups: twoRegions,
    expr: 'a * on (region, pod) group_right (node) b',
    plan: `
fetch
  g1: a * on (pod) group_right (node) b as {region="eu"}
  g2: a * on (pod) group_right (node) b as {region="us"}`,
  },
  {
    name: 'a fallible side is computed in all its groups when the other side has data in one of them only',
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
    name: 'a fallible side is computed in all its groups when the other side has data in none',
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
    name: 'a side that cannot fail is computed only in groups that both sides have data in',
    groups: twoRegions,
    expr: 'a{region="eu"} / on (region, pod) sum by (region, pod) (rate(b[5m]))',
    plan: `
fetch
  g1: a / on (pod) sum by (pod) (rate(b[5m])) as {region="eu"}`,
  },
  {
    name: 'a join with a side that has lost one group label is computed locally, though another label distinguishes the groups',
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
    name: 'a set operation with a side that has lost a group label is computed locally for a single group as well',
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
    name: 'a join on the other group label is sent',
    groups: labelledTwice,
    expr: 'sum by (region) (a) / on (region) sum by (region, tier) (b)',
    plan: `
fetch
  g1: sum(a) / on () sum(b) as {region="eu"}
  g2: sum(a) / on () sum(b) as {region="us"}`,
  },
];

testPlans('operators between vectors are sent where the matching labels distinguish the groups', cases);
