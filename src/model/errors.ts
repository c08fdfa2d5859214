// The one error type of promfed and the one table from its codes to Prometheus' errorType and HTTP status.

/** What each code means on the wire. Source: Prometheus, web/api/v1/api.go (`respondError`). */
export const ERROR_CODES = {
  /** The request or the query is wrong; the client must change it. */
  bad_data: { errorType: 'bad_data', status: 400 },
  /** The request is larger than promfed takes. */
  too_large: { errorType: 'bad_data', status: 413 },
  /** The query is right but cannot be evaluated. */
  execution: { errorType: 'execution', status: 422 },
  /** A region does not take the expression that promfed made for it, being older for instance. */
  refused: { errorType: 'execution', status: 422 },
  /** A construct that promfed does not evaluate yet. */
  unsupported: { errorType: 'execution', status: 422 },
  /** The query would need more than its limits allow. */
  limit: { errorType: 'execution', status: 422 },
  /** The query would hold more memory than one query may. */
  memory: { errorType: 'execution', status: 422 },
  /** promfed has no memory, or no turn, for the query now. */
  overloaded: { errorType: 'unavailable', status: 503 },
  /** The client left, or the process is stopping. */
  canceled: { errorType: 'canceled', status: 499 },
  /** The query's deadline passed. */
  timeout: { errorType: 'timeout', status: 503 },
  /** A required server group failed. */
  upstream: { errorType: 'unavailable', status: 500 },
  /** promfed itself is not able to answer now. */
  unavailable: { errorType: 'unavailable', status: 500 },
  not_found: { errorType: 'not_found', status: 404 },
  not_acceptable: { errorType: 'not_acceptable', status: 406 },
  /** A fault of promfed. */
  internal: { errorType: 'internal', status: 500 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that a user is meant to read: a stable code and a message that names the cause. */
export class PromfedError extends Error {
  override readonly name = 'PromfedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get errorType(): string {
    return ERROR_CODES[this.code].errorType;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/** Any thrown value as a PromfedError; what is not one already becomes `internal`. */
export function asPromfedError(thrown: unknown): PromfedError {
  if (thrown instanceof PromfedError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PromfedError('internal', message, { cause: thrown });
}
