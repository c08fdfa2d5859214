// Plans of absent() and absent_over_time().

import { one, twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'absent() fetches the presence from all groups',
    groups: twoRegions,
    expr: 'absent(x{job="a",region="eu"})',
    plan: `
absent() as {job="a", region="eu"}
  group
    fetch
      g1: group(x{job="a"}) as {region="eu"}`,
  },
  {
    name: 'absent_over_time() is the absence of a last sample in the range',
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
    name: 'absent() of a pushed-down expression fetches its presence',
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
    name: 'absent() of a pushed-down join',
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
    name: 'absent() of a locally computed expression',
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
    name: 'the labels of absent() do not depend on the order of contradicting matchers',
    groups: one,
    expr: 'absent(a{job!="x",job="y",pod!="",pod="z"})',
    plan: `
absent() as {pod="z"}
  group
    fetch
      g1: group(a{job!="x",job="y",pod!="",pod="z"}) as {region="eu"}`,
  },
];

testPlans('absence is computed locally from presence', cases);
