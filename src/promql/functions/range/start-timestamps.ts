// Start timestamps of samples: the time at which a counter started from zero.

/** Samples with optional start timestamps. Times are milliseconds since the epoch; a start of 0 is unknown. */
export interface SamplesWithStarts {
  readonly timestamps: Float64Array;
  readonly startTimestamps?: Float64Array | undefined;
}

/**
 * Reports whether the counter was reset between the sample at `index`, which must not be the first, and the one before
 * it: its start is later than that sample. A start equal to the previous sample's time marks a delta, which is a reset
 * only after a sample with a known, earlier start.
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
 * Reports whether the start of the sample at `index`, which must not be the first, is before the previous sample and
 * differs from that sample's start.
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
 * Returns the time at which the counter was zero, in milliseconds since the epoch: the start timestamp of its first
 * sample in a window. Undefined when it is unknown or not within the window.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 *
 * @param first index of the first sample in the window.
 * @param windowStartMs start of the window, exclusive.
 */
export function tryZeroTime(
  { timestamps, startTimestamps }: SamplesWithStarts,
  first: number,
  windowStartMs: number,
): number | undefined {
  const startMs = startTimestamps?.[first] ?? 0;
  return startMs !== 0 && startMs > windowStartMs && startMs < timestamps[first]! ? startMs : undefined;
}
