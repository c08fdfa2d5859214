// Times in tables and charts.

/** RFC 3339 in UTC, without milliseconds when they are zero; seconds since the epoch when the time is not a date. */
export function formatUtc(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? String(timeMs / 1000) : date.toISOString().replace('.000Z', 'Z');
}
