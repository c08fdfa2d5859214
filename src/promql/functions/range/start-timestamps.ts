// What the start timestamps of samples say: since when a counter counts, hence where it began anew.

/** Samples that may know since when they count: milliseconds, 0 where that is unknown. */
export interface SamplesWithStarts {
  readonly timestamps: Float64Array;
  readonly startTimestamps?: Float64Array | undefined;
}

/**
 * Whether the sample at `index`, which has one before it, counts from a later time than that one. A start at the very
 * sample before is that of a delta, unless the start of the one before is unknown too.
 *
 * Source: Prometheus, promql/functions.go (`isStartTimestampReset`).
 */
export function isStartTimestampReset(
  { timestamps, startTimestamps }: SamplesWithStarts,
  index: number,
): boolean {
  if (startTimestamps === undefined) return false;
  const startMs = startTimestamps[index]!;
  if (startMs === 0 || startMs >= timestamps[index]!) return false;
  const previousMs = timestamps[index - 1]!;
  if (startMs !== previousMs) return startMs > previousMs;
  const previousStartMs = startTimestamps[index - 1]!;
  return previousStartMs !== 0 && previousStartMs < previousMs;
}

/**
 * Whether the sample at `index` claims to count from before the sample before it, and not from where that one does.
 *
 * Source: Prometheus, promql/functions.go (`checkStartTimeOverlap`).
 */
export function hasStartTimeOverlap(
  { timestamps, startTimestamps }: SamplesWithStarts,
  index: number,
): boolean {
  if (startTimestamps === undefined) return false;
  const startMs = startTimestamps[index]!;
  return startMs !== 0 && startMs < timestamps[index - 1]! && startMs !== startTimestamps[index - 1];
}

/**
 * When the counter was zero, if its first sample in a window after `windowStartMs` (exclusive) says so and that is
 * within the window.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 */
export function tryZeroTime(
  { timestamps, startTimestamps }: SamplesWithStarts,
  first: number,
  windowStartMs: number,
): number | undefined {
  const startMs = startTimestamps?.[first] ?? 0;
  return startMs !== 0 && startMs > windowStartMs && startMs < timestamps[first]! ? startMs : undefined;
}
