export { createLog } from './log.js';
export { createMetrics } from './metrics.js';
