// Reports every request to the metrics and to the statistics of its query.

import type { Clock } from '../../../runtime/index.js';
import type { Endpoint, RequestOutcome, UpstreamMetrics } from '../../metrics.js';
import type { ExchangeStats } from '../../server-group.js';
import type { Interceptor } from '../exchange.js';
import type { RequestObserver } from '../request-scope.js';

export interface ObservationOptions {
  /** The server group's name. */
  readonly group: string;
  /** The target's name: `host:port`. */
  readonly target: string;
  readonly metrics: UpstreamMetrics;
  readonly clock: Clock;
}

/** Sets the observer of the scope of every request. */
export function observation(options: ObservationOptions): Interceptor {
  return (next) => (request, scope) => {
    scope.observer = new Observation(options, request.endpoint, scope.context.stats);
    return next(request, scope);
  };
}

class Observation implements RequestObserver {
  readonly #options: ObservationOptions;
  readonly #endpoint: Endpoint;
  readonly #stats: ExchangeStats | undefined;
  readonly #sentMs: number;

  constructor(options: ObservationOptions, endpoint: Endpoint, stats: ExchangeStats | undefined) {
    this.#options = options;
    this.#endpoint = endpoint;
    this.#stats = stats;
    this.#sentMs = options.clock.now();
  }

  answered(): void {
    this.#stats?.answered();
  }

  ended(outcome: RequestOutcome, bytes: number): void {
    const { group, target, metrics, clock } = this.#options;
    this.#stats?.closed(bytes);
    metrics.observe({
      group,
      target,
      path: this.#endpoint,
      outcome,
      durationMs: clock.now() - this.#sentMs,
      bytes,
    });
  }
}
