// The times between which a server group has samples, as its configuration declares them.

import type { TimeWindow } from './ports.js';

/** Whole milliseconds since the epoch, both ends inclusive; undefined where there is no bound. */
export interface TimeBounds {
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Whether samples outside of the bounds do not count where the group has some all the same. */
  readonly truncate: boolean;
}

/** Whether a sample in the window can lie within the bounds. Samples have times of whole milliseconds. */
export function overlapsWindow({ startMs, endMs }: TimeBounds, { afterMs, untilMs }: TimeWindow): boolean {
  return (startMs ?? -Infinity) <= untilMs && (endMs ?? Infinity) > afterMs;
}

/** Whether every sample in the window lies within the bounds. */
export function coversWindow({ startMs, endMs }: TimeBounds, { afterMs, untilMs }: TimeWindow): boolean {
  return (startMs ?? -Infinity) <= Math.floor(afterMs) + 1 && (endMs ?? Infinity) >= untilMs;
}

/** The part of the window of which samples count; the window must touch the bounds. */
export function truncateWindow(window: TimeWindow, { startMs, endMs, truncate }: TimeBounds): TimeWindow {
  if (!truncate) return window;
  return {
    afterMs: startMs === undefined ? window.afterMs : Math.max(window.afterMs, startMs - 1),
    untilMs: endMs === undefined ? window.untilMs : Math.min(window.untilMs, endMs),
  };
}
