// Plans with promql-delayed-name-removal: regions drop names immediately, where the query cannot observe it.

import { testPlans, twoRegions, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'functions of one metric are sent',
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
    name: 'a function of several metrics is computed locally, so that their series stay apart',
    groups: twoRegions,
    expr: 'sum by (pod) (rate({job="j"}[5m]))',
    plan: `
sum by (pod)
  rate()
    range 300000ms
      selector {job="j"}`,
  },
  {
    name: 'grouping by names observes those of function results',
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
    name: 'grouping by names of selectors is sent',
    groups: twoRegions,
    expr: 'sum by (__name__) ({job="j"} > 1)',
    plan: `
sum by (__name__)
  fetch
    g1: sum by (__name__) ({job="j"} > 1) as {region="eu"}
    g2: sum by (__name__) ({job="j"} > 1) as {region="us"}`,
  },
  {
    name: 'a label function that reads the name observes it',
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
    name: 'a comparison with bool between several metrics and one is computed locally',
    groups: twoRegions,
    expr: 'sum({job="j"} > bool on (region, pod) group_left () b)',
    plan: `
sum
  > bool on (region, pod) group_left ()
    fetch
      g1: {job="j"} as {region="eu"}
      g2: {job="j"} as {region="us"}
    fetch
      g1: b as {region="eu"}
      g2: b as {region="us"}`,
  },
  {
    name: 'a comparison with bool between one metric and one is sent',
    groups: twoRegions,
    expr: 'a > bool on (region, pod) group_left () b',
    plan: `
fetch
  g1: a > bool on (pod) group_left () b as {region="eu"}
  g2: a > bool on (pod) group_left () b as {region="us"}`,
  },
  {
    name: 'functions of aggregations are sent, because these have no names',
    groups: twoRegions,
    expr: 'label_join(abs(sum by (region, pod) ({job="j"})), "__name__", "", "pod")',
    plan: `
fetch
  g1: label_join(abs(sum by (pod) ({job="j"})), "__name__", "", "pod") as {region="eu"}
  g2: label_join(abs(sum by (pod) ({job="j"})), "__name__", "", "pod") as {region="us"}`,
  },
];

testPlans('regions compute what cannot observe delayed name removal', cases, { delaysNames: true });
