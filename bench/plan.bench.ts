// Planning of a long dashboard query over many groups. No requests are sent.

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
/** Length of a query, in characters. */
const LENGTH = 1500;
const TIMES = { startMs: 0, endMs: 3_600_000, stepMs: 15_000, defaultStepMs: 60_000 };

const groups: PlannedGroup[] = Array.from({ length: GROUPS }, (_, i) => ({
  name: `region-${i}`,
  labels: Labels.from({ promxyCluster: `cluster-${i}`, promxyClusterNamespace: 'kcm-system' }),
  replicated: false,
}));

/** Operands that are repeated, with the operator between them, up to `LENGTH` characters. */
const CASES: readonly { readonly name: string; readonly operand: string; readonly operator: string }[] = [
  {
    name: 'aggregation split in two levels',
    operand:
      'sum by (namespace) (rate(container_cpu_usage_seconds_total{job="cadvisor",image!="",pod=~"a.*"}[5m]))',
    operator: ' + ',
  },
  {
    name: 'expression sent whole',
    operand: 'rate(container_cpu_usage_seconds_total{job="cadvisor",image!="",pod=~"a.*"}[5m])',
    operator: ' / ',
  },
  {
    name: 'sent to some of the groups',
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
  const groupCount = operand.includes('cluster-1') ? 111 : GROUPS;
  const fetches = operator === ' / ' ? 1 : operands;
  const lines = printPlan(planDistributed(expr, groups, TIMES)).split('\n');
  assert.equal(lines.filter((line) => /region-\d+: /.test(line)).length, fetches * groupCount, name);

  const times: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + RUNS; run++) {
    const start = performance.now();
    planDistributed(expr, groups, TIMES);
    if (run >= WARM_UP_RUNS) times.push(performance.now() - start);
  }
  const metric = `planning time over ${GROUPS} groups, ${text.length} characters`;
  figures.push({ case: name, metric, value: median(times), unit: 'ms', atMost: GOAL_MS });
}
console.log(`\nwritten to ${report('plan', figures)}`);
