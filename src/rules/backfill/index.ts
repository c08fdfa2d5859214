export { withoutMetrics } from './results-in-memory.js';
export { runBackfill } from './run-backfill.js';
export { unselectedReads } from './rule-units.js';
export type {
  BackfillObserver,
  BackfillOptions,
  BackfillProgress,
  OpenEngine,
  ResultsInMemory,
} from './settings.js';
