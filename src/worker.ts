// What a worker process runs: a server below main.ts' process, which reads the command line and the configuration.

import { systemClock } from './runtime/index.js';
import { startServer, type ServerOptions } from './server.js';
import { createLog, type LogLevel } from './telemetry/index.js';
import { runWorker } from './workers/index.js';

/** What a server is told beside its configuration, as it can be cloned to another process. */
export type WorkerOptions = Omit<ServerOptions, 'loadConfig' | 'clock' | 'log' | 'shared'> & {
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
};

// A terminal signals the whole process group. Workers end when they are told to, or with the process above them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

void runWorker((given, loadConfig, shared) => {
  const options = given as WorkerOptions;
  const log = createLog(levelOf(options.logLevel), options.logFormat, (line) => process.stderr.write(line));
  return startServer({ ...options, loadConfig, shared, clock: systemClock, log });
});

/** What goes as planned is told once, by the process above. */
function levelOf(level: LogLevel): LogLevel {
  return level === 'error' || level === 'fatal' ? level : 'warn';
}
