// The ports through which rules report their results.

import type { Histogram, Labels } from '../model/index.js';
import type { GroupLease } from './election/index.js';

/** Sends alerts to Alertmanagers. */
export interface AlertSink {
  /** Queues alerts. Returns immediately and never throws. */
  send(alerts: readonly OutgoingAlert[]): void;
}

/** An alert as it is sent: firing until its end, or resolved at an end in the past. */
export interface OutgoingAlert {
  readonly labels: Labels;
  readonly annotations: readonly (readonly [name: string, value: string])[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorUrl: string;
  /** The lease of the group that the alert comes from. The alert is not sent after its end. Default: one that never ends. */
  readonly lease?: GroupLease;
}

/** Stores the samples that rules produce. */
export interface SampleSink {
  /** Queues samples. Returns immediately and never throws. */
  append(samples: readonly OutgoingSample[]): void;
}

export interface OutgoingSample {
  /** With the metric name. */
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | Histogram;
  /** True for a stale marker, whose value has no meaning. */
  readonly isStale: boolean;
}
