// The port through which a server group learns its targets.

import type { Labels } from '../model/index.js';

/** One target, as a source describes it. */
export interface DiscoveredTarget {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** Set on the series of the target, below the labels of its server group. */
  readonly labels: Labels;
}

/** The targets of one server group, which may change at any time. */
export interface TargetSource {
  /** The current targets; replaced, never modified, by a change. The order decides whose samples win. */
  readonly targets: readonly DiscoveredTarget[];
  /** Calls the listener after every change. One listener at a time; it must not throw. */
  onChange(listener: () => void): void;
  /** Ends background work. The listener is not called any more. */
  close(): void;
}
