// The log: pino, as JSON or as the logfmt lines that Prometheus writes.

import { pino, type Logger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Receives each line, with its newline. */
export type LineSink = (line: string) => void;

/** Creates a log of the messages at `level` or above. Never pass a secret. */
export function createLog(level: LogLevel, format: 'text' | 'json', write: LineSink): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'msg',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, {
    write:
      format === 'json'
        ? write
        : (line) => {
            write(toLogfmt(line));
          },
  });
}

/** Returns one of pino's JSON lines as `time=… level=… msg="…" key=value`. */
function toLogfmt(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries({ time, level: String(level).toUpperCase(), msg, ...rest })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printValue(value)}`);
  return `${pairs.join(' ')}\n`;
}

function printValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text);
}
