// Times in explanations.

/** RFC 3339 in UTC with milliseconds; seconds since the epoch when the time is beyond the range of a date. */
export function printTime(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs / 1000}`;
}
