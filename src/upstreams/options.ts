// What every server group is created with besides its own settings.

import type { Clock } from '../runtime/index.js';
import type { IndexTimers } from './learn/label-index.js';
import type { UpstreamMetrics } from './metrics.js';

/** Bounds on what one answer of one target may be. Bytes are counted after decoding. */
export interface UpstreamLimits {
  /** Of a streamed answer (query, query_range). Default 1 GiB. */
  readonly maxResponseBytes: number;
  /** Of a buffered answer (series, labels, label values, metadata). Default 64 MiB. */
  readonly maxMetadataBytes: number;
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxResponseBytes: 1024 * 1024 * 1024,
  maxMetadataBytes: 64 * 1024 * 1024,
};

/** What label values are learned with. */
export interface Learning {
  readonly timers: IndexTimers;
  /** Told when a label can't be learned any more. Must not throw. */
  readonly tell: (details: object, message: string) => void;
}

export interface UpstreamOptions {
  readonly clock: Clock;
  /** promfed's version, sent as `User-Agent: promfed/VERSION`. */
  readonly version: string;
  /** What is left out has its default. */
  readonly limits?: Partial<UpstreamLimits>;
  /** Left out: nothing is counted. */
  readonly metrics?: UpstreamMetrics;
  /** What label values are learned with, in the background until the group is closed. Left out: none are. */
  readonly learning?: Learning;
}
