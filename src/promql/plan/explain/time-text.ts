// Times in explanations.

/** A time in milliseconds as a date, or in seconds where it lies beyond what a date can be. */
export function timeText(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs / 1000}`;
}
