export { createLog, type LogLevel } from './log.js';
export { LineWriter } from './line-writer.js';
export { createMetrics } from './metrics.js';
export { type MetricsReport, renderReports, totalsOf, withoutConfiguration } from './reports.js';
export { createWorkerMetrics } from './worker-metrics.js';
