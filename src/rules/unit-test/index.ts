export { runUnitTest } from './run-unit-test.js';
