// The time range of a server group at a given time.

import type { TimeRangeSettings } from '../../config/index.js';
import type { TimeBounds } from '../../model/index.js';

/** A relative range moves with `nowMs`. */
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
