// Groups and cases of the planner's tests: an expression over groups, and its plan as text.

import t from 'tap';

import { Labels } from '../../../src/model/index.js';
import { FEATURES, parseExpr } from '../../../src/promql/language/index.js';
import {
  planDistributed,
  printPlan,
  type PlannedGroup,
  type PlanOptions,
  type PlanNode,
} from '../../../src/promql/plan/index.js';

function groups(...labels: Record<string, string>[]): PlannedGroup[] {
  return labels.map((record, i) => ({ name: `g${i + 1}`, labels: Labels.from(record), replicated: false }));
}

export const twoRegions = groups({ region: 'eu' }, { region: 'us' });
export const alike = groups({}, {});
export const one = groups({ region: 'eu' });
export const pair = groups({ region: 'eu' }).map((group) => ({ ...group, replicated: true }));
/** Each of the labels distinguishes them. */
export const labelledTwice = groups({ region: 'eu', tier: 'a' }, { region: 'us', tier: 'b' });
export const twoLabels = groups(
  { region: 'eu', tier: 'a' },
  { region: 'eu', tier: 'b' },
  { region: 'us', tier: 'a' },
);
export const uneven = groups({ region: 'eu' }, { zone: 'us' });

export interface PlanCase {
  readonly name: string;
  readonly groups: readonly PlannedGroup[];
  readonly expr: string;
  readonly plan: string;
}

export const planTimes = { startMs: 1_000_000, endMs: 4_607_000, stepMs: 15_000, defaultStepMs: 60_000 };
const features = new Set(FEATURES);

/** The plan of a range query. */
export function planOf(expr: string, groups: readonly PlannedGroup[], options: PlanOptions = {}): PlanNode {
  return planDistributed(parseExpr(expr, { features }), groups, planTimes, options);
}

/** Checks the plan of each case. The text of a plan begins after a line break. */
export function testPlans(name: string, cases: readonly PlanCase[], options: PlanOptions = {}): void {
  t.test(name, async (t) => {
    for (const { name, groups, expr, plan } of cases)
      t.equal(printPlan(planOf(expr, groups, options)), plan.slice(1), name);
  });
}
