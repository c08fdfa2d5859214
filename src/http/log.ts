// What the HTTP side writes to the log: a port that pino satisfies.

export interface Log {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}
