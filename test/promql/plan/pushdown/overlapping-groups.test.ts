// Plans over groups that no label distinguishes, and over replicas.

import { Labels } from '../../../../src/model/index.js';
import { alike, pair, uneven, testPlans, type PlanCase } from '../plan-cases.js';
import { filter, group } from '../pruning/groups.js';

/** Only two of them overlap. */
const threeGroups = [
  group('eu-1', { labels: Labels.from({ region: 'eu' }) }),
  group('eu-2', { labels: Labels.from({ region: 'eu' }) }),
  group('us', { labels: Labels.from({ region: 'us' }) }),
];
const fourGroups = [...threeGroups, group('us-2', { labels: Labels.from({ region: 'us' }) })];
const filteredGroups = [
  group('g1', filter({ include: { namespace: ['a'] } })),
  group('g2', filter({ include: { namespace: ['b'] } })),
];

const cases: readonly PlanCase[] = [
  {
    name: 'windows over overlapping groups are read from raw samples',
    groups: alike,
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  rate()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'lookback over overlapping groups is applied to raw samples',
    groups: alike,
    expr: 'x > 5',
    plan: `
>
  selector {__name__="x"}
  5`,
  },
  {
    name: 'the selector of a subquery over overlapping groups is read from raw samples',
    groups: alike,
    expr: 'max_over_time(x[1h:1m])',
    plan: `
max_over_time()
  subquery 3600000ms:60000
    selector {__name__="x"}`,
  },
  {
    name: 'a selector that matches the label of one group is sent',
    groups: threeGroups,
    expr: 'sum(rate(x{region="us"}[5m]))',
    plan: `
fetch
  us: sum(rate(x[5m]))`,
  },
  {
    name: 'groups that do not overlap are sent what the others have evaluated',
    groups: threeGroups,
    expr: 'rate(x[5m])',
    plan: `
union
  fetch
    us: rate(x[5m]) as {region="us"}
  rate()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'an aggregation that keeps the label of the groups',
    groups: threeGroups,
    expr: 'sum by (region, job) (x) > 5',
    plan: `
union
  fetch
    us: sum by (job) (x) > 5 as {region="us"}
  >
    sum by (region, job)
      selector {__name__="x"}
    5`,
  },
  {
    name: 'the inner level of a split aggregation over overlapping groups keeps their label',
    groups: threeGroups,
    expr: 'count by (job) (rate(x[5m]))',
    plan: `
sum by (job)
  union
    fetch
      us: count by (job) (rate(x[5m])) as {region="us"}
    count by (job, region)
      rate()
        range 300000ms
          selector {__name__="x"}`,
  },
  {
    name: 'the inner level of a split aggregation without labels',
    groups: threeGroups,
    expr: 'max without (region, pod) (x)',
    plan: `
max without (region, pod)
  union
    fetch
      us: max without (pod, region) (x) as {region="us"}
    max without (pod)
      selector {__name__="x"}`,
  },
  {
    name: 'a join on the label of the groups',
    groups: threeGroups,
    expr: 'a / on (region, pod) b',
    plan: `
union
  fetch
    us: a / on (pod) b as {region="us"}
  / on (region, pod)
    selector {__name__="a"}
    selector {__name__="b"}`,
  },
  {
    name: 'a join on other labels, of selectors that read different groups',
    groups: threeGroups,
    expr: 'a / on (pod) b{region="us"}',
    plan: `
/ on (pod)
  union
    fetch
      us: a as {region="us"}
    selector {__name__="a"}
  fetch
    us: b as {region="us"}`,
  },
  {
    name: 'a selector that reads overlapping groups only',
    groups: threeGroups,
    expr: 'sum by (region) (x{region!="us"})',
    plan: `
sum by (region)
  selector {region!="us", __name__="x"}`,
  },
  {
    name: 'no group is sent anything when each overlaps with another',
    groups: fourGroups,
    expr: 'sum(x)',
    plan: `
sum
  selector {__name__="x"}`,
  },
  {
    name: 'absence over overlapping groups and another one',
    groups: threeGroups,
    expr: 'absent(x)',
    plan: `
absent() as {}
  group
    union
      fetch
        us: group(x) as {region="us"}
      group by (region)
        selector {__name__="x"}`,
  },
  {
    name: 'a selector that the label filters route to one of the overlapping groups is sent',
    groups: filteredGroups,
    expr: 'sum(rate(x{namespace="b"}[5m])) / sum(rate(x[5m]))',
    plan: `
/
  fetch
    g2: sum(rate(x{namespace="b"}[5m]))
  sum
    rate()
      range 300000ms
        selector {__name__="x"}`,
  },
  {
    name: 'an aggregation over replicas is computed locally from merged series',
    groups: pair,
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
sum by (region)
  fetch
    g1: rate(x[5m]) as {region="eu"}`,
  },
  {
    name: 'raw samples of replicas are merged before selectors look back when the group merges lookback',
    groups: pair.map((group) => ({ ...group, mergesWindows: true, mergesLookback: true })),
    expr: 'sum(x) + max_over_time(x[1h:1m])',
    plan: `
+
  sum
    selector {__name__="x"}
  max_over_time()
    subquery 3600000ms:60000
      selector {__name__="x"}`,
  },
  {
    name: 'raw samples of replicas are merged before a range function when the group merges windows',
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
    name: 'series of several metrics of replicas keep their names until they are merged',
    groups: pair,
    expr: '-{job="y"} + 0',
    plan: `
+
  negate
    fetch
      g1: {job="y"} as {region="eu"}
  0`,
  },
  {
    name: 'absence over several metrics of overlapping groups',
    groups: alike,
    expr: 'absent_over_time({job="y"}[5m])',
    plan: `
absent() as {job="y"}
  last_over_time()
    range 300000ms
      selector {job="y"}`,
  },
  {
    name: 'a join of overlapping groups is computed from raw samples',
    groups: alike,
    expr: 'a / b',
    plan: `
/
  selector {__name__="a"}
  selector {__name__="b"}`,
  },
  {
    name: 'a join of replicas is computed locally from merged series',
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
    name: 'groups with labels of different names overlap',
    groups: uneven,
    expr: 'a / on (pod) b',
    plan: `
/ on (pod)
  selector {__name__="a"}
  selector {__name__="b"}`,
  },
  {
    name: 'absence over overlapping groups depends on the markers of all of them',
    groups: alike,
    expr: 'absent({job="y"})',
    plan: `
absent() as {job="y"}
  selector {job="y"}`,
  },
];

testPlans('series of overlapping groups and of replicas are merged before they are computed with', cases);
