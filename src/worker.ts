// The entry of a worker process: a server below the supervisor, which reads the command line and the configuration.

import { getHeapStatistics } from 'node:v8';

import { budgetOfProcess, oldSpaceLimit, systemClock, type MemoryAmount } from './runtime/index.js';
import { startServer, type ServerOptions } from './server/index.js';
import { createLog, LineWriter, type LogLevel } from './telemetry/index.js';
import { runWorker } from './workers/index.js';

/** The options of a worker's server besides its configuration, as structured clones. */
export type WorkerOptions = Omit<
  ServerOptions,
  'loadConfig' | 'clock' | 'log' | 'droppedLines' | 'supervisor' | 'memory'
> & {
  /** The worker's share of `--memory`. */
  readonly limitBytes: number;
  /** `--query.max-memory`. */
  readonly maxQueryMemory: MemoryAmount;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
};

// A terminal signals the whole process group. Workers end with a call of the supervisor, or with the supervisor.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

void runWorker((cloned, loadConfig, supervisor) => {
  const options = cloned as WorkerOptions;
  const lines = new LineWriter(process.stderr);
  const log = createLog(levelOf(options.logLevel), options.logFormat, lines.write);
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const oldSpaceBytes = oldSpaceLimit(getHeapStatistics().heap_size_limit, given);
  const memory = budgetOfProcess(options.limitBytes, options.maxQueryMemory, oldSpaceBytes);
  return startServer({
    ...options,
    memory,
    loadConfig,
    supervisor,
    clock: systemClock,
    log,
    droppedLines: () => lines.dropped,
  });
});

/** Workers log warnings and errors only; the supervisor logs routine events once. */
function levelOf(level: LogLevel): LogLevel {
  return level === 'error' || level === 'fatal' ? level : 'warn';
}
