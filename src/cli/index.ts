export { checkRules } from './check-rules.js';
export { runQuery } from './run-query.js';
