export { runQuery } from './run-query.js';
