export { planDistributed, type PlanOptions } from './distribute.js';
export { matchersForGroup, relevantGroups, type PlannedGroup } from './groups.js';
export { planLocally } from './local.js';
export type * from './node.js';
export { operands } from './operands.js';
export { printPlan } from './print-plan.js';
