// Plans of scalars, and of expressions that only one group has data for.

import { one, twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'with one group left, a sum over all groups is sent whole and has no group label',
    groups: twoRegions,
    expr: 'sum(x{region="eu"}) / 2',
    plan: `
fetch
  g1: sum(x) / 2`,
  },
  {
    name: 'with one group left, a sum by the group label is sent whole and has it',
    groups: one,
    expr: 'sum by (region) (x)',
    plan: `
fetch
  g1: sum(x) as {region="eu"}`,
  },
  {
    name: 'scalar() over several groups is computed locally',
    groups: twoRegions,
    expr: 'vector(scalar(x))',
    plan: `
vector()
  scalar()
    fetch
      g1: x as {region="eu"}
      g2: x as {region="us"}`,
  },
  {
    name: 'with one group left, every expression is sent whole',
    groups: twoRegions,
    expr: 'sum(a{region="eu"}) / scalar(b{region="eu"})',
    plan: `
fetch
  g1: sum(a) / scalar(b)`,
  },
  {
    name: 'with one group left, a scalar of it in an argument is sent as well',
    groups: twoRegions,
    expr: 'clamp_max(a{region="eu"}, scalar(max(b{region="eu"})))',
    plan: `
fetch
  g1: clamp_max(a, scalar(max(b))) as {region="eu"}`,
  },
  {
    name: 'vector(scalar()) of one group has no group label',
    groups: twoRegions,
    expr: 'vector(scalar(a{region="eu"}))',
    plan: `
fetch
  g1: vector(scalar(a))`,
  },
  {
    name: 'vector(scalar()) of several groups is computed locally',
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
    name: 'a scalar of one group is not sent to another',
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
    name: 'a scalar is computed locally from its vector',
    groups: twoRegions,
    expr: 'scalar(a{region="eu"})',
    plan: `
scalar()
  fetch
    g1: a as {region="eu"}`,
  },
  {
    name: 'a selector of one group is joined with itself there',
    groups: twoRegions,
    expr: 'a{region="us"} / on (pod) group_left b{region="us"}',
    plan: `
fetch
  g2: a / on (pod) group_left () b as {region="us"}`,
  },
];

testPlans('expressions over a single group are sent whole', cases);
