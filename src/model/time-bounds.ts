// Time windows, and the time range in which a server group has samples.

/** A window of time in milliseconds since the epoch: open on the left, closed on the right, as PromQL's ranges are. */
export interface TimeWindow {
  readonly afterMs: number;
  readonly untilMs: number;
}

/**
 * The time range in which a server group has samples, as its configuration declares it. In whole milliseconds since the
 * epoch, both ends inclusive. An undefined end is unbounded.
 */
export interface TimeBounds {
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** True when the group's samples outside of the bounds are ignored. */
  readonly truncate: boolean;
}

/** Reports whether any sample in the window can lie within the bounds. Sample times are whole milliseconds. */
export function overlapsWindow({ startMs, endMs }: TimeBounds, { afterMs, untilMs }: TimeWindow): boolean {
  return (startMs ?? -Infinity) <= untilMs && (endMs ?? Infinity) > afterMs;
}

/** Reports whether every sample in the window lies within the bounds. */
export function coversWindow({ startMs, endMs }: TimeBounds, { afterMs, untilMs }: TimeWindow): boolean {
  return (startMs ?? -Infinity) <= Math.floor(afterMs) + 1 && (endMs ?? Infinity) >= untilMs;
}

/**
 * Returns the part of the window whose samples count: all of it unless the bounds truncate. The window must overlap the
 * bounds.
 */
export function truncateWindow(window: TimeWindow, { startMs, endMs, truncate }: TimeBounds): TimeWindow {
  if (!truncate) return window;
  return {
    afterMs: startMs === undefined ? window.afterMs : Math.max(window.afterMs, startMs - 1),
    untilMs: endMs === undefined ? window.untilMs : Math.min(window.untilMs, endMs),
  };
}
