// Selectors of metrics that only one group has at the time of an instant query.

import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import { parseExpr } from '../../../../src/promql/language/index.js';
import {
  explainPlan,
  planDistributed,
  planLocally,
  printExplained,
  printPlan,
  type PlannedGroup,
} from '../../../../src/promql/plan/index.js';
import { twoRegions } from '../plan-cases.js';

const owner: PlannedGroup = {
  name: 'owner',
  labels: Labels.EMPTY,
  replicated: false,
  ownedNames: new Set(['x', 'y']),
};
const groups = [...twoRegions, owner];
const INSTANT = { startMs: 60_000, endMs: 60_000, stepMs: 0, defaultStepMs: 60_000 };

const FETCHED = (expr: string): string => `
fetch
  g1: ${expr} as {region="eu"}
  g2: ${expr} as {region="us"}`;

const cases: readonly [name: string, expr: string, plan: string][] = [
  ['an instant selector reads raw samples', 'x', '\nselector {__name__="x"}'],
  ['matchers on labels of groups', 'x{region="eu"}', '\nselector {region="eu", __name__="x"}'],
  ['another metric is read from the other groups', 'z', FETCHED('z')],
  ['an offset', 'x offset 1m', FETCHED('x offset 1m')],
  ['@', 'x @ 30', FETCHED('x @ 30.000')],
  ['a range', 'max_over_time(x[5m])', FETCHED('max_over_time(x[5m])')],
  ['a subquery', 'max_over_time(x[5m:1m])', FETCHED('max_over_time(x[5m:1m])')],
  ['a pattern of names', '{__name__=~"x|y"}', FETCHED('{__name__=~"x|y"}')],
  [
    'the other operands are sent to the other groups',
    'sum(x) / on () sum(z) > y',
    `
>
  / on ()
    sum
      selector {__name__="x"}
    sum
      fetch
        g1: sum(z) as {region="eu"}
        g2: sum(z) as {region="us"}
  selector {__name__="y"}`,
  ],
];

t.test('only instant selectors of the names read the owner, which no other selector reads', async (t) => {
  for (const [name, expr, plan] of cases) {
    t.equal(printPlan(planDistributed(parseExpr(expr), groups, INSTANT)), plan.slice(1), name);
  }
});

t.test('without pushdown too', async (t) => {
  const selected = (expr: string): unknown => {
    const plan = planLocally(parseExpr(expr), INSTANT, groups);
    return plan.kind === 'selector' && plan.selection.parts.map(({ group }) => group.name);
  };
  t.same(selected('x'), ['owner']);
  t.same(selected('z'), ['g1', 'g2']);
});

t.test('a range query reads the other groups', async (t) => {
  const times = { ...INSTANT, endMs: 120_000, stepMs: 15_000 };
  t.equal(printPlan(planDistributed(parseExpr('x'), groups, times)), FETCHED('x').slice(1));
});

t.test('an explanation names the owner', async (t) => {
  const explained = explainPlan(planDistributed(parseExpr('x'), groups, INSTANT));
  t.equal(
    printExplained(explained),
    `selector {__name__="x"}  -- here: only owner has the metric: its raw samples are read
  owner: {__name__="x"}
  g1 is not queried: only owner has the metric
  g2 is not queried: only owner has the metric`,
  );
});
