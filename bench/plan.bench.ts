// Planning: a query as long as dashboards have them, over many groups. Nothing is asked of anybody.

import assert from 'node:assert/strict';

import { Labels } from '../src/model/index.js';
import { parseExpr } from '../src/promql/language/index.js';
import { planDistributed, printPlan, type PlannedGroup } from '../src/promql/plan/index.js';
import { median } from './measure.js';
import { report, type Figure } from './report.js';

const GROUPS = 200;
const WARM_UP_RUNS = 200;
const RUNS = 500;
const GOAL_MS = 2;
const LENGTH = 1500;
const TIMES = { startMs: 0, endMs: 3_600_000, stepMs: 15_000, defaultStepMs: 60_000 };

const groups: PlannedGroup[] = Array.from({ length: GROUPS }, (_, i) => ({
  name: `region-${i}`,
  labels: Labels.from({ promxyCluster: `cluster-${i}`, promxyClusterNamespace: 'kcm-system' }),
  replicated: false,
}));

/** The operand that is repeated until the query is as long as it should be, and what joins two of them. */
const CASES: readonly { readonly name: string; readonly operand: string; readonly operator: string }[] = [
  {
    name: 'split in two levels',
    operand:
      'sum by (namespace) (rate(container_cpu_usage_seconds_total{job="cadvisor",image!="",pod=~"a.*"}[5m]))',
    operator: ' + ',
  },
  {
    name: 'sent whole',
    operand: 'rate(container_cpu_usage_seconds_total{job="cadvisor",image!="",pod=~"a.*"}[5m])',
    operator: ' / ',
  },
  {
    name: 'to a part of the groups',
    operand: 'max(rate(node_cpu_seconds_total{promxyCluster=~"cluster-1.*",job="node",mode!="idle"}[5m]))',
    operator: ' + ',
  },
];

const figures: Figure[] = [];
for (const { name, operand, operator } of CASES) {
  let text = operand;
  while (text.length + operator.length + operand.length <= LENGTH) text += operator + operand;
  const expr = parseExpr(text);
  const operands = text.split(operator).length;
  const asked = operand.includes('cluster-1') ? 111 : GROUPS;
  const fetches = operator === ' / ' ? 1 : operands;
  const lines = printPlan(planDistributed(expr, groups, TIMES)).split('\n');
  assert.equal(lines.filter((line) => /region-\d+: /.test(line)).length, fetches * asked, name);

  const times: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + RUNS; run++) {
    const start = performance.now();
    planDistributed(expr, groups, TIMES);
    if (run >= WARM_UP_RUNS) times.push(performance.now() - start);
  }
  const what = `planned over ${GROUPS} groups, ${text.length} characters`;
  figures.push({ case: name, what, value: median(times), unit: 'ms', atMost: GOAL_MS });
}
console.log(`\nwritten to ${report('plan', figures)}`);
