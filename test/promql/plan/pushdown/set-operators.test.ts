// Plans of and, or and unless.

import { twoLabels, twoRegions, testPlans, type PlanCase } from '../plan-cases.js';

const cases: readonly PlanCase[] = [
  {
    name: 'and, unless and or on all labels are sent',
    groups: twoRegions,
    expr: 'a and b unless c or d',
    plan: `
fetch
  g1: a and ignoring (region) b unless ignoring (region) c or ignoring (region) d as {region="eu"}
  g2: a and ignoring (region) b unless ignoring (region) c or ignoring (region) d as {region="us"}`,
  },
  {
    name: 'unless is the left side in a group that the right side has no data in',
    groups: twoRegions,
    expr: 'a unless b{region="us"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: a unless ignoring (region) b as {region="us"}`,
  },
  {
    name: 'or is one side in a group that the other side has no data in',
    groups: twoRegions,
    expr: 'a{region="eu"} or b{region="us"}',
    plan: `
fetch
  g1: a as {region="eu"}
  g2: b as {region="us"}`,
  },
  {
    name: 'or with a sum over all groups is computed locally',
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
    name: 'or with a side that has lost a group label is computed locally',
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
    name: 'and with a sum over all groups is computed locally',
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
    name: 'and with a constant vector is sent',
    groups: twoRegions,
    expr: 'a and on () (hour() > 8)',
    plan: `
fetch
  g1: a and on () (hour() > 8) as {region="eu"}
  g2: a and on () (hour() > 8) as {region="us"}`,
  },
  {
    name: 'or with a constant vector is computed locally',
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
    name: 'or with vector(0) of a distributed sum is computed locally',
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
    name: 'and with a constant on a group label is computed locally',
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
    name: 'and with a constant on other labels is sent',
    groups: twoRegions,
    expr: 'sum by (region) (a) unless ignoring (region) vector(1)',
    plan: `
fetch
  g1: sum(a) unless ignoring (region) vector(1) as {region="eu"}
  g2: sum(a) unless ignoring (region) vector(1) as {region="us"}`,
  },
];

testPlans('set operators are sent where the matching labels distinguish the groups', cases);
