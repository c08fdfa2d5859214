export { createLog, type LogLevel } from './log.js';
export { createMetrics } from './metrics.js';
export { renderReports, totalsOf, withoutConfiguration, type MetricsReport } from './reports.js';
export { createWorkerMetrics } from './worker-metrics.js';
