// The port through which every request to a target is counted; src/telemetry implements it.

import type { PromfedError } from '../model/index.js';

/** The routes of an upstream's API, as values of a metric's label. */
export type Endpoint = 'query' | 'query_range' | 'read' | 'series' | 'labels' | 'label_values' | 'metadata';

/**
 * How a request ended: `ok` when its body was read to the end, `error` when the target failed, `timeout` when the
 * query's deadline passed first, `canceled` when the answer was no longer needed (the client left, a sibling failed).
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
  /** From sending the request to the end of its body, milliseconds. */
  readonly durationMs: number;
  /** Bytes of the response's body that were read, after decoding. */
  readonly bytes: number;
}

/** Observes every request to a target, once, when it is over. Must not throw. */
export interface UpstreamMetrics {
  observe(observation: UpstreamObservation): void;
}

export const NO_METRICS: UpstreamMetrics = { observe: () => undefined };
