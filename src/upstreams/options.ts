// Options that all server groups share.

import type { Clock, Log, MemoryBudget, Timers } from '../runtime/index.js';
import type { UpstreamMetrics } from './metrics.js';

/** Size limits of one response of one target, in bytes after decoding. */
export interface UpstreamLimits {
  /** Limit of a streamed response (query, query_range, read). Default 1 GiB. */
  readonly maxResponseBytes: number;
  /** Limit of a buffered response (series, labels, label values, metadata). Default 64 MiB. */
  readonly maxMetadataBytes: number;
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxResponseBytes: 1024 * 1024 * 1024,
  maxMetadataBytes: 64 * 1024 * 1024,
};

/** Work that a group does until it is closed: learning label values and metric names, re-reading credential files. */
export interface Background {
  readonly timers: Timers;
  readonly log: Log;
  /** Budget for the answers that are read in the background. Default: they are not counted. */
  readonly budget?: MemoryBudget;
}

export interface UpstreamOptions {
  readonly clock: Clock;
  /** promfed's version, sent as `User-Agent: promfed/VERSION`. */
  readonly version: string;
  /** Each limit has a default. */
  readonly limits?: Partial<UpstreamLimits>;
  /** Default: requests are not observed. */
  readonly metrics?: UpstreamMetrics;
  /** Default: nothing is done in the background. */
  readonly background?: Background;
}
