// The error type of promfed, and the table that maps its codes to Prometheus' errorType and the HTTP status.

/** The errorType and HTTP status of each code. Source: Prometheus, web/api/v1/api.go (`respondError`). */
export const ERROR_CODES = {
  /** The request or the query is invalid; the client must change it. */
  bad_data: { errorType: 'bad_data', status: 400 },
  /** The request body exceeds its limit. */
  too_large: { errorType: 'bad_data', status: 413 },
  /** The request did not arrive in time. */
  slow_request: { errorType: 'bad_data', status: 408 },
  /** The query is valid but its evaluation failed. */
  execution: { errorType: 'execution', status: 422 },
  /** A region rejected the expression that promfed sent, for example because its version is older. */
  rejected: { errorType: 'execution', status: 422 },
  /** A region rejected the parameters of a request that evaluates no expression. */
  rejected_request: { errorType: 'bad_data', status: 400 },
  /** A request exceeded a limit that a region sets itself. */
  region_limit: { errorType: 'execution', status: 422 },
  /** The query needs a feature that promfed does not support. */
  unsupported: { errorType: 'execution', status: 422 },
  /** The query exceeds one of its limits. */
  limit: { errorType: 'execution', status: 422 },
  /** The query exceeds the memory limit of one query. */
  memory: { errorType: 'execution', status: 422 },
  /** No memory or no slot is available for the query now; the client may retry. */
  overloaded: { errorType: 'unavailable', status: 503 },
  /** The client disconnected, or the process is shutting down. */
  canceled: { errorType: 'canceled', status: 499 },
  /** The query's deadline passed. */
  timeout: { errorType: 'timeout', status: 503 },
  /** A required server group failed. */
  upstream: { errorType: 'unavailable', status: 500 },
  /** promfed itself cannot answer now. */
  unavailable: { errorType: 'unavailable', status: 500 },
  not_found: { errorType: 'not_found', status: 404 },
  not_acceptable: { errorType: 'not_acceptable', status: 406 },
  /** A bug in promfed. */
  internal: { errorType: 'internal', status: 500 },
} as const;

/** Stable identifier of a kind of error. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Codes of errors that end all requests of a query at once, thousands of them. */
const WITHOUT_STACK: ReadonlySet<ErrorCode> = new Set(['timeout', 'canceled']);

/** An error for the user: a stable code, and a message that names the cause. */
export class PromfedError extends Error {
  override readonly name = 'PromfedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    // Capturing a stack takes longer than everything else that ends a request.
    if (WITHOUT_STACK.has(code)) Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
  }

  /** The `errorType` of Prometheus' error envelope. */
  get errorType(): string {
    return ERROR_CODES[this.code].errorType;
  }

  /** The HTTP status. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/** Returns a thrown value as a PromfedError. Any other value becomes the cause of an `internal` one. */
export function asPromfedError(thrown: unknown): PromfedError {
  if (thrown instanceof PromfedError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PromfedError('internal', message, { cause: thrown });
}
