// A time as text.

/** RFC 3339 in UTC, milliseconds only where there are some; seconds for what is no date. */
export function timeText(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? String(timeMs / 1000) : date.toISOString().replace('.000Z', 'Z');
}
