// The options that a federation is created with.

import type { Clock } from '../runtime/index.js';
import type { ServerGroup } from '../upstreams/index.js';
import type { Admission } from './admission.js';

export interface FederationOptions {
  readonly groups: readonly ServerGroup[];
  readonly clock: Clock;
  /** `--query.max-samples`. */
  readonly maxSamples: number;
  /** `--query.max-requests`. Default: no limit. */
  readonly maxRequests?: number | undefined;
  /** Admits requests. Default `UNLIMITED`. */
  readonly admission?: Admission | undefined;
  /** `--query.lookback-delta`, milliseconds; undefined leaves it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** Default step of subqueries, milliseconds. */
  readonly defaultStepMs: number;
  /** Prometheus' feature promql-delayed-name-removal. */
  readonly delaysNames: boolean;
  /** `--query.pushdown`. When false, regions send raw samples only and everything is evaluated locally. */
  readonly pushdown: boolean;
}
