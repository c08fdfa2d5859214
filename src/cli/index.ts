export { backfill, checkRules, testRules } from './rules/index.js';
export { runQuery } from './run-query.js';
