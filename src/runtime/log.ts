// The log as promfed's machinery uses it; telemetry implements it.

/** Messages are constant sentences; what varies is in the fields. Never pass a secret. Must not throw. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Drops everything. */
export const NO_LOG: Log = { info: () => undefined, warn: () => undefined };
