// Plans with promql-delayed-name-removal: regions drop names at once, and are only asked to where nobody notices.

import { testPlans, twoRegions, type PlanCase } from './plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'of one metric the name is nothing that anybody could miss',
    groups: twoRegions,
    expr: 'sum by (pod) (rate(a[5m])) + abs(b)',
    plan: `
+
  sum by (pod)
    fetch
      g1: sum by (pod) (rate(a[5m])) as {region="eu"}
      g2: sum by (pod) (rate(a[5m])) as {region="us"}
  fetch
    g1: abs(b) as {region="eu"}
    g2: abs(b) as {region="us"}`,
  },
  {
    name: 'series of several metrics stay apart until they are summed',
    groups: twoRegions,
    expr: 'sum by (pod) (rate({job="j"}[5m]))',
    plan: `
sum by (pod)
  rate()
    range 300000ms
      selector {job="j"}`,
  },
  {
    name: 'who groups by names sees those of what a function made',
    groups: twoRegions,
    expr: 'sum by (__name__) (abs(a))',
    plan: `
sum by (__name__)
  abs()
    fetch
      g1: a as {region="eu"}
      g2: a as {region="us"}`,
  },
  {
    name: 'names that are there yet are grouped by in the regions',
    groups: twoRegions,
    expr: 'sum by (__name__) ({job="j"} > 1)',
    plan: `
sum by (__name__)
  fetch
    g1: sum by (__name__) ({job="j"} > 1) as {region="eu"}
    g2: sum by (__name__) ({job="j"} > 1) as {region="us"}`,
  },
  {
    name: 'so does a label function that reads the name',
    groups: twoRegions,
    expr: 'label_replace(-a, "metric", "$1", "__name__", "(.*)")',
    plan: `
label_replace()
  negate
    fetch
      g1: a as {region="eu"}
      g2: a as {region="us"}
  "metric"
  "$1"
  "__name__"
  "(.*)"`,
  },
  {
    name: 'what has been aggregated has no name to lose',
    groups: twoRegions,
    expr: 'label_join(abs(sum by (region, pod) ({job="j"})), "__name__", "", "pod")',
    plan: `
fetch
  g1: label_join(abs(sum by (pod) ({job="j"})), "__name__", "", "pod") as {region="eu"}
  g2: label_join(abs(sum by (pod) ({job="j"})), "__name__", "", "pod") as {region="us"}`,
  },
];

testPlans('with names that are dropped late', cases, { delaysNames: true });
