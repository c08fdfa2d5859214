export type { NotifierMetrics } from './metrics.js';
export { createNotifier, type Notifier, type NotifierOptions } from './notifier.js';
