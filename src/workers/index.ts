export { runWorker, type Shared } from './run-worker.js';
export { startWorkers } from './supervisor.js';
