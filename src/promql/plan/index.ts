export { planDistributed, type PlanOptions } from './distribute.js';
export { explainPlan, selectionKey, type ExplainedNode } from './explain-plan.js';
export type * from './figures.js';
export { absencesOf, matchersForGroup, relevantGroups, type PlannedGroup } from './groups.js';
export { planLocally } from './local.js';
export type * from './node.js';
export { operands } from './operands.js';
export { printExplained } from './print-explained.js';
export { printPlan } from './print-plan.js';
