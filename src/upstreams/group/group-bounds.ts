// The time range of a server group at a given time.

import type { TimeRangeSettings } from '../../config/index.js';
import type { TimeBounds } from '../../model/index.js';

/** Returns the bounds of a time range at a time. Those of a relative range move with `nowMs`, epoch milliseconds. */
export function boundsAt(range: TimeRangeSettings | undefined, nowMs: number): TimeBounds | undefined {
  if (range === undefined) return undefined;
  const { truncate } = range;
  const fromMs = range.kind === 'relative' ? nowMs : 0;
  return {
    startMs: range.startMs === undefined ? undefined : fromMs + range.startMs,
    endMs: range.endMs === undefined ? undefined : fromMs + range.endMs,
    truncate,
  };
}
