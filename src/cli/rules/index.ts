export { backfill } from './backfill.js';
export { checkRules } from './check-rules.js';
export { testRules } from './test-rules.js';
