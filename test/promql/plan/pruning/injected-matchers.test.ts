// Plans over groups that injected matchers restrict to a part of their series.

import { Labels, type Matcher } from '../../../../src/model/index.js';
import type { PlannedGroup } from '../../../../src/promql/plan/index.js';
import { testPlans, type PlanCase } from '../plan-cases.js';

function group(name: string, inject: readonly Matcher[], labels: Record<string, string> = {}): PlannedGroup {
  return { name, labels: Labels.from(labels), replicated: false, inject };
}

const isA: Matcher = { name: 'cluster', op: '=', value: 'A' };
const isB: Matcher = { name: 'cluster', op: '=', value: 'B' };
const views = [group('a', [isA]), group('b', [isB])];
const patterns = [
  group('us', [{ name: 'region', op: '=~', value: 'us-.*' }]),
  group('rest', [{ name: 'region', op: '!~', value: 'us-.*' }]),
];
const overwritten = [group('a', [isA], { cluster: 'x' }), group('b', [isA], { cluster: 'y' })];
const named = [group('ups', [{ name: '__name__', op: '=~', value: 'up|down' }])];

const cases: readonly PlanCase[] = [
  {
    name: 'every selector is sent with the injected matchers',
    groups: views.slice(0, 1),
    expr: 'sum(rate(up[5m])) / on () group_left max_over_time((a - b)[10m:1m] offset 1m)',
    plan: `
fetch
  a: sum(rate(up{cluster="A"}[5m])) / on () group_left () max_over_time((a{cluster="A"} - b{cluster="A"})[10m:1m] offset 1m)`,
  },
  {
    name: 'injected label values distinguish groups, and regions know the label',
    groups: views,
    expr: 'sum by (cluster) (up) / on (cluster) max by (cluster) (down)',
    plan: `
fetch
  a: sum by (cluster) (up{cluster="A"}) / on (cluster) max by (cluster) (down{cluster="A"}) as {cluster="A"}
  b: sum by (cluster) (up{cluster="B"}) / on (cluster) max by (cluster) (down{cluster="B"}) as {cluster="B"}`,
  },
  {
    name: 'a label that an inner aggregation dropped is set for the outer one',
    groups: views,
    expr: 'count(up)',
    plan: `
sum
  fetch
    a: count(up{cluster="A"}) as {cluster="A"}
    b: count(up{cluster="B"}) as {cluster="B"}`,
  },
  {
    name: 'a group is excluded by an injected matcher',
    groups: views,
    expr: 'up{cluster="B"}',
    plan: `
fetch
  b: up{cluster="B"} as {cluster="B"}`,
  },
  {
    name: 'an injected matcher that the selector has is sent once',
    groups: views,
    expr: 'up{cluster=~"A|C",cluster="A"}',
    plan: `
fetch
  a: up{cluster="A",cluster=~"A|C"} as {cluster="A"}`,
  },
  {
    name: 'a function that writes the label is computed locally',
    groups: views,
    expr: 'label_replace(up, "cluster", "x", "", "")',
    plan: `
label_replace()
  fetch
    a: up{cluster="A"} as {cluster="A"}
    b: up{cluster="B"} as {cluster="B"}
  "cluster"
  "x"
  ""
  ""`,
  },
  {
    name: 'an injected pattern excludes a value that it does not match',
    groups: patterns,
    expr: 'up{region="us-east"} or down{region="eu"}',
    plan: `
or
  fetch
    us: up{region="us-east",region=~"us-.*"}
  fetch
    rest: down{region!~"us-.*",region="eu"}`,
  },
  {
    name: 'an injected pattern does not exclude a pattern, and does not distinguish groups',
    groups: patterns,
    expr: 'sum(up{region=~"us-.*"})',
    plan: `
sum
  selector {region=~"us-.*", __name__="up"}`,
  },
  {
    name: 'an injected matcher applies to the label of the region, and answers have the label of the group',
    groups: overwritten,
    expr: 'sum by (cluster) (up{cluster="y"})',
    plan: `
fetch
  b: sum(up{cluster="A"}) as {cluster="y"}`,
  },
  {
    name: 'an injected matcher on names is sent between braces',
    groups: named,
    expr: 'up{job="a"}',
    plan: `
fetch
  ups: {__name__="up",__name__=~"up|down",job="a"}`,
  },
];

testPlans('injected matchers scope a group', cases);
