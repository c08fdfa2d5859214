export { createMemoryGroup } from './memory-group.js';
export { runUnitTest } from './run-unit-test.js';
export { SeriesStore } from './series-store.js';
