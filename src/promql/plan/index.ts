export { planDistributed } from './distribute.js';
export { absencesOf, matchersForGroup, relevantGroups, type PlannedGroup } from './groups.js';
export { planLocally } from './local.js';
export type * from './node.js';
export { groupsLeftOut } from './left-out.js';
export { operands } from './operands.js';
export { printPlan } from './print-plan.js';
