// The times of queries and data in the benchmarks.

import type { Parameters } from './read-answer.js';

export interface BenchmarkTimes {
  /** Times of the query, in milliseconds since the epoch. The end is a whole minute, ten minutes or more ago. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Parameters of the range query. */
  readonly range: Parameters;
  /** Times of the samples: they start ten minutes before the query, for ranges and lookback. */
  readonly data: { readonly startMs: number; readonly endMs: number; readonly intervalMs: number };
}

const MARGIN_MS = 10 * 60_000;

/** Returns the times of a range query with `points` steps of 15 s. */
export function recentTimes(points: number): BenchmarkTimes {
  const stepMs = 15_000;
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - MARGIN_MS;
  const startMs = endMs - (points - 1) * stepMs;
  return {
    startMs,
    endMs,
    stepMs,
    range: rangeParameters(startMs, endMs, stepMs),
    data: { startMs: startMs - MARGIN_MS, endMs, intervalMs: stepMs },
  };
}

/** Returns the parameters of a range query. */
export function rangeParameters(startMs: number, endMs: number, stepMs: number): Parameters {
  return { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
}
