export { runWorker, type Supervisor } from './run-worker.js';
export { startWorkers } from './supervisor.js';
