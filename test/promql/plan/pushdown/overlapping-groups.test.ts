// Plans over groups that no label distinguishes, and over replicas.

import { alike, pair, uneven, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'an aggregation over overlapping groups is computed locally from merged series',
    groups: alike,
    expr: 'sum(rate(x[5m]))',
    plan: `
sum
  fetch, overlapping
    g1: rate(x[5m])
    g2: rate(x[5m])`,
  },
  {
    name: 'a filter is not sent to overlapping groups',
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
    name: 'a comparison with bool is sent',
    groups: alike,
    expr: 'x > bool 5',
    plan: `
fetch, overlapping
  g1: x > bool 5
  g2: x > bool 5`,
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
    name: 'series of several metrics keep their names until overlapping groups are merged',
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
    name: 'a range function of several metrics of overlapping groups reads raw samples',
    groups: alike,
    expr: 'sum(rate({job="y"}[5m]))',
    plan: `
sum
  rate()
    range 300000ms
      selector {job="y"}`,
  },
  {
    name: 'a filter over overlapping groups within a subquery is computed locally',
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
    name: 'a join of overlapping groups is computed locally from merged series',
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
  fetch, overlapping
    g1: a as {region="eu"}
    g2: a as {zone="us"}
  fetch, overlapping
    g1: b as {region="eu"}
    g2: b as {zone="us"}`,
  },
  {
    name: 'absence over overlapping groups needs the presence in each of them only',
    groups: alike,
    expr: 'absent({job="y"})',
    plan: `
absent() as {job="y"}
  group
    fetch, overlapping
      g1: group({job="y"})
      g2: group({job="y"})`,
  },
];

testPlans('overlapping groups and replicas are merged before series are compared', cases);
