// Explanations of plans: reasons, excluded groups and size limits.

import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import { FEATURES, parseExpr } from '../../../../src/promql/language/index.js';
import {
  explainPlan,
  planDistributed,
  planLocally,
  printExplained,
  printPlan,
  type ExplainedNode,
  type PlannedGroup,
} from '../../../../src/promql/plan/index.js';
import { alike, one, pair, planOf, twoLabels, twoRegions, uneven } from '../plan-cases.js';

const regions = (...names: string[]): PlannedGroup[] =>
  names.map((region, i) => ({ name: `g${i + 1}`, labels: Labels.from({ region }), replicated: false }));
/** The first group does not overlap. */
const overlapping = regions('eu', 'us', 'us', 'us');
const many = regions('eu', 'eu', 'eu', 'eu', 'eu', 'eu', 'eu');

function explain(expr: string, groups: readonly PlannedGroup[]): ExplainedNode {
  return explainPlan(planOf(expr, groups));
}

const reasons: readonly [expr: string, groups: readonly PlannedGroup[], reason: RegExp | undefined][] = [
  ['x', twoRegions, undefined],
  ['sum by (region) (x)', twoRegions, undefined],
  ['sum(x)', one, undefined],
  ['sum(x)', twoRegions, /^sum does not keep the label that distinguishes the groups: region$/],
  ['sum without (region) (x)', twoRegions, /^sum does not keep the label .*: region$/],
  ['sum by (job) (x)', twoLabels, /^sum does not keep labels that distinguish the groups: region, tier$/],
  ['sum by (region) (x)', twoLabels, /^sum does not keep the label that distinguishes the groups: tier$/],
  ['x', alike, /^g1 and g2 may hold parts of the same series: their raw samples are merged$/],
  ['x', uneven, /^g1 and g2 may hold parts of the same series/],
  ['x', overlapping, /^g2, g3 and g4 may hold parts of the same series/],
  ['x', many, /^g1, g2, g3, g4, g5 and 2 more may hold parts of the same series/],
  ['sum(x)', alike, /^an operand is computed here$/],
  ['sum(x)', pair, /^group "g1": equal series of replicas are merged first$/],
  ['+sum(x)', twoRegions, /^sum does not keep the label .*: region$/],
  ['sum(x) + 1', twoRegions, /^an operand is computed here$/],
  ['a / on (pod) b', twoRegions, /^matching on \(pod\) does not keep the label .*: region$/],
  [
    'a / ignoring (region) b',
    twoRegions,
    /^matching ignoring \(region\) does not keep the label .*: region$/,
  ],
  ['sum by (region) (a) / b', twoRegions, undefined],
  [
    'a / on (region) group_left fill(0) b',
    twoRegions,
    /^fill is experimental, and regions may not support it$/,
  ],
  ['label_replace(a, "region", "x", "y", "z")', twoRegions, /^label_replace\(\) uses the label region/],
  ['limitk by (region) (2, x)', twoRegions, /^limitk is experimental/],
  ['limit_ratio by (region) (0.5, x)', twoRegions, /^limit_ratio is experimental/],
  ['mad_over_time(x[5m])', twoRegions, /^mad_over_time\(\) is experimental/],
  ['scalar(x)', twoRegions, /^scalar\(\) depends on the series of all groups together$/],
  ['absent(x)', twoRegions, /^absent\(\) depends on the series of all groups together$/],
  ['x or vector(1)', twoRegions, /^the series that match nothing on the constant side/],
  ['vector(1) or x', twoRegions, /^the series that match nothing on the constant side/],
  ['sum(vector(1))', twoRegions, /^it reads no series$/],
  ['x * scalar(y)', twoRegions, /^an operand is computed here$/],
  ['-{job="a"}', pair, /^without their names, series of different metrics/],
  ['count_values by (job) ("region", x)', twoRegions, /^it writes its values to a label that a group sets$/],
  ['x > 1', pair, /^group "g1": equal series of replicas are merged first$/],
  ['x > bool 1', pair, undefined],
];

t.test('every operator that promfed computes has its reason', async (t) => {
  for (const [expr, groups, reason] of reasons) {
    const node = explain(expr, groups);
    const name = `${expr} over ${groups.map(({ labels }) => labels.toString()).join(' ')}`;
    if (reason === undefined) t.same([node.where, node.reason], ['groups', undefined], name);
    else {
      t.equal(node.where, 'here', name);
      t.match(node.reason, reason, name);
    }
  }
});

t.test('the text has reasons and excluded groups', async (t) => {
  const expr = 'topk(2, a{region="eu"}) / on (pod) group_left (region) sum by (pod) (b{region!~"m.*"})';
  t.equal(
    printExplained(explain(expr, twoRegions)),
    `
/ on (pod) group_left (region)  -- here: an operand is computed here
  fetch
    g1: topk(2, a) as {region="eu"}
    g2 is not queried: its label region="us" does not match region="eu"
  sum by (pod)  -- here: sum does not keep the label that distinguishes the groups: region
    fetch
      g1: sum by (pod) (b) as {region="eu"}
      g2: sum by (pod) (b) as {region="us"}`.trim(),
  );
});

t.test('ranges and subqueries have the reason for which their windows are read by promfed', async (t) => {
  const merging = pair.map((group) => ({ ...group, mergesWindows: true }));
  t.equal(
    printExplained(explain('max_over_time(rate(x[5m])[1h:1m])', merging)),
    `
max_over_time()  -- here: an operand is computed here
  subquery 3600000ms:60000  -- here: an operand is computed here
    rate()  -- here: an operand is computed here
      range 300000ms  -- here: g1 has replicas: their raw samples are merged before a function reads windows
        selector {__name__="x"}
          g1: {__name__="x"} as {region="eu"}, replicas merged`.trim(),
  );
});

t.test('selectors of replicas have the reason for which their raw samples are read', async (t) => {
  const merging = pair.map((group) => ({ ...group, mergesWindows: true, mergesLookback: true }));
  t.equal(
    printExplained(explain('abs(x)', merging)),
    `
abs()  -- here: an operand is computed here
  selector {__name__="x"}  -- here: g1 has replicas: their raw samples are merged before a selector looks back
    g1: {__name__="x"} as {region="eu"}, replicas merged`.trim(),
  );
});

t.test('a union lists the groups whose raw samples are merged, and those that compute', async (t) => {
  const three = regions('eu', 'us', 'us');
  t.equal(
    printExplained(explain('sum(rate(x[5m]))', three)),
    `
sum  -- here: sum does not keep the label that distinguishes the groups: region
  union  -- here: g2 and g3 may hold parts of the same series: their raw samples are merged
    fetch
      g1: sum(rate(x[5m])) as {region="eu"}
    sum by (region)
      rate()
        range 300000ms
          selector {__name__="x"}
            g2: {__name__="x"} as {region="us"}
            g3: {__name__="x"} as {region="us"}`.trim(),
  );
  const range = explain('x[5m]', three);
  t.equal(range.kind, 'range', 'a range vector is read from the raw samples of all groups');
  t.equal(range.operands[0]!.groups!.length, 3);
});

t.test('a group whose raw samples are read beside a fetch is not listed as excluded from it', async (t) => {
  const groups = regions('eu', 'us', 'us');
  t.equal(
    printExplained(explain('x unless on (region) y{region="eu"}', groups)),
    `union  -- here: g2 and g3 may hold parts of the same series: their raw samples are merged
  fetch
    g1: x unless on () y as {region="eu"}
  unless on (region)
    selector {__name__="x"}
      g2: {__name__="x"} as {region="us"}
      g3: {__name__="x"} as {region="us"}
    selector {region="eu", __name__="y"}
      g2 is not queried: its label region="us" does not match region="eu"
      g3 is not queried: its label region="us" does not match region="eu"`,
  );
});

t.test('the text without explanations is that of the plan', async (t) => {
  for (const [expr, groups] of reasons) {
    const bare = printExplained(explain(expr, groups))
      .split('\n')
      .filter((line) => !line.includes(' is not queried: ') && !/^ *g\d: \{__name__/.test(line))
      .map((line) => line.replace(/ {2}-- here: .*$|, replicas merged$/, ''));
    t.equal(bare.join('\n'), printPlan(planOf(expr, groups)), expr);
  }
});

t.test('raw samples are explained as the selectors that groups are sent', async (t) => {
  const plan = planLocally(parseExpr('rate(x{region="eu",job="a"}[5m])'), TIMES, twoRegions);
  t.equal(
    printExplained(explainPlan(plan)),
    `
rate()
  range 300000ms
    selector {region="eu", job="a", __name__="x"}
      g1: {job="a",__name__="x"} as {region="eu"}
      g2 is not queried: its label region="us" does not match region="eu"`.trim(),
  );
});

const TIMES = { startMs: 0, endMs: 600_000, stepMs: 60_000, defaultStepMs: 60_000 };

t.test('a plan that is too large is rejected', async (t) => {
  const features = new Set(FEATURES);
  const deep = parseExpr(`${'sum('.repeat(10_000)}x${')'.repeat(10_000)}`, { features });
  const wide = parseExpr(`sum(x)${' + sum(x)'.repeat(400)}`, { features });
  const long = parseExpr(`sum(x{a="${'y'.repeat(100_000)}"})`, { features });
  const many = Array.from({ length: 200 }, (_, i) => ({
    name: `g${i}`,
    labels: Labels.from({ region: `r${i}` }),
    replicated: false,
  }));
  for (const [expr, groups, limit] of [
    [deep, twoRegions, '500 levels'],
    [wide, many, '50000 lines'],
    [long, many, '16777216 characters'],
  ] as const) {
    const plan = planDistributed(expr, groups, TIMES);
    t.throws(() => explainPlan(plan), {
      code: 'limit',
      message: `the plan has more than ${limit}: explain does not show plans of that size`,
    });
  }
  t.equal(printPlan(planLocally(deep, TIMES)).split('\n').length, 10_001, 'a plan itself has no such limit');
});
