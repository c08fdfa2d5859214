export { createLog, type LogLevel } from './log.js';
export { createMetrics, type Metrics } from './metrics.js';
