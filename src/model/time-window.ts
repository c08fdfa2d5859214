// Windows of time.

/** A window of time in milliseconds: open on the left, closed on the right, as PromQL's ranges are. */
export interface TimeWindow {
  readonly afterMs: number;
  readonly untilMs: number;
}
