// The port for log messages. telemetry implements it.

/** Messages are constant; variable parts are fields. Fields never contain a secret. Methods do not throw. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Drops all messages. */
export const NO_LOG: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
