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
