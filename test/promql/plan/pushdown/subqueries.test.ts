// Plans of subqueries.

import { twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'a subquery is sent with the default step of promfed',
    groups: twoRegions,
    expr: 'max_over_time(rate(x[5m])[1h:] offset 1h)',
    plan: `
fetch
  g1: max_over_time(rate(x[5m])[1h:1m] offset 1h) as {region="eu"}
  g2: max_over_time(rate(x[5m])[1h:1m] offset 1h) as {region="us"}`,
  },
  {
    name: 'the operands of a locally computed subquery are fetched at its steps',
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
    name: 'a subquery within a locally computed subquery',
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
    name: 'a range function with a locally computed argument reads raw samples',
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
    name: 'a subquery of a range function with a locally computed argument is computed locally',
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
    name: 'a pushed-down join within a subquery',
    groups: twoRegions,
    expr: 'max_over_time((a / b)[10m:1m])',
    plan: `
fetch
  g1: max_over_time((a / ignoring (region) b)[10m:1m]) as {region="eu"}
  g2: max_over_time((a / ignoring (region) b)[10m:1m]) as {region="us"}`,
  },
];

testPlans('subqueries are sent with their inner expression or evaluated at their own steps', cases);
