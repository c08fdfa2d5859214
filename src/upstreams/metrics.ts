// The port for the metrics of requests to targets. src/telemetry implements it.

import type { PromfedError } from '../model/index.js';

/**
 * The routes of an upstream's API: values of the metric label `path`. `push` is a request of an HTTP client, which is not
 * counted.
 */
export type Endpoint =
  | 'query'
  | 'query_range'
  | 'read'
  | 'series'
  | 'labels'
  | 'label_values'
  | 'metadata'
  | 'rules'
  | 'status'
  | 'push';

/**
 * The outcome of a request: `ok` when its body was read to the end, `error` when the target failed, `timeout` when the
 * query's deadline passed, `canceled` when the answer was no longer needed (the client left, another request failed).
 */
export type RequestOutcome = 'ok' | 'error' | 'timeout' | 'canceled';

/** Returns the outcome of a failed request. A response that exceeds promfed's memory is not the target's failure. */
export function outcomeOf({ code }: PromfedError): RequestOutcome {
  if (code === 'memory' || code === 'overloaded') return 'canceled';
  return code === 'timeout' || code === 'canceled' ? code : 'error';
}

export interface UpstreamObservation {
  /** The server group's name. */
  readonly group: string;
  /** `host:port` of the target. */
  readonly target: string;
  readonly path: Endpoint;
  readonly outcome: RequestOutcome;
  /** Milliseconds from sending the request to the end of its body. */
  readonly durationMs: number;
  /** Bytes of the response's body that were received, after decoding. */
  readonly bytes: number;
}

/** Observes requests to targets. */
export interface UpstreamMetrics {
  /** Called once for each request, when it is over. Must not throw. */
  observe(observation: UpstreamObservation): void;
}

export const NO_METRICS: UpstreamMetrics = { observe: () => undefined };
