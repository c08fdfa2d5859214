// Limits on what the connections of clients may hold, and for how long.

/** Times are in milliseconds. */
export interface ClientLimits {
  /** Connections of this process. Beyond it, unused ones are closed, or requests on new ones are rejected. */
  readonly maxConnections: number;
  /** Time from the first byte of a request, or from opening a connection, to the end of the headers. */
  readonly headersMs: number;
  /** Time from the end of the headers to the end of the body. */
  readonly bodyMs: number;
  /** Time after which a connection without a complete request makes room for another one. */
  readonly silentMs: number;
  /** Time without a request. Go clients such as Grafana close their connections after 90 s, so they never send one while
   * it is closing. */
  readonly idleMs: number;
  /** Time without a request after which a connection makes room for another one. */
  readonly contendedIdleMs: number;
  /** Time in which a client must accept a part of a response that waits for it. */
  readonly stallMs: number;
  /** The same while other requests wait for memory or a slot. Also the time for a body then. */
  readonly contendedStallMs: number;
  /** Time for the rest of a request that was answered before its end. */
  readonly lingerMs: number;
  /** `--http.shutdown-timeout`: time for running requests after the start of a shutdown. */
  readonly shutdownMs: number;
  /** Interval at which connections are checked. */
  readonly checkMs: number;
}

export const CLIENT_LIMITS: ClientLimits = {
  maxConnections: 512,
  headersMs: 30_000,
  bodyMs: 60_000,
  silentMs: 250,
  idleMs: 120_000,
  contendedIdleMs: 5_000,
  stallMs: 30_000,
  contendedStallMs: 5_000,
  lingerMs: 5_000,
  shutdownMs: 60_000,
  checkMs: 1_000,
};

/** Connections beyond the limit, which get an error, or the answer of a health check. */
export const EXTRA_CONNECTIONS = 32;

/** Requests of one connection that wait for the answer to an earlier one. Clients in use do not send any. */
export const MAX_PIPELINED = 16;

/** Bounds on the size of the URL and the headers. Grafana and vmalert send queries in URLs. */
const MIN_HEADER_BYTES = 64 << 10;
const MAX_HEADER_BYTES = 256 << 10;

/** Share of the budget that the incomplete headers of all connections may take before these are checked. */
const HEADERS_SHARE = 1 / 4;

/**
 * Returns the maximum size of the URL and the headers of a request. Node.js reads all bytes of all connections that have
 * arrived before anything else runs.
 */
export function maxHeaderBytes(maxConnections: number, budgetBytes = Infinity): number {
  const bytes = Math.floor((budgetBytes * HEADERS_SHARE) / (maxConnections + EXTRA_CONNECTIONS));
  return Math.min(MAX_HEADER_BYTES, Math.max(MIN_HEADER_BYTES, bytes));
}

/** Maximum size of a form, as in Prometheus (Go's `ParseForm`). */
export const MAX_FORM_BYTES = 10 << 20;

/** Maximum size of a body where none is expected. Some clients send a small one with every request. */
export const MAX_IGNORED_BYTES = 64 << 10;

/** Reasons for closing the connection of a client. A fixed set: they are values of a metric label. */
export const CLOSE_REASONS = [
  'no_progress',
  'deadline',
  'contention',
  'incomplete_headers',
  'headers_timeout',
  'body_timeout',
  'unread_body',
  'pipelining',
  'invalid_request',
  'connection_limit',
  'shutdown',
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];
