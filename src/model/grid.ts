// The step grid of a query: its evaluation times.

/**
 * `count` evaluation times, in milliseconds since the epoch: `startMs`, `startMs + stepMs`, …. An instant query has a
 * grid of one time; its step is 1 and has no meaning.
 */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/**
 * Upper bound on the steps of a range query, the first step not counted.
 *
 * Source: Prometheus, web/api/v1/api.go (`queryRange`).
 */
export const MAX_POINTS = 11_000;

/** Returns the grid of an instant query. */
export function instantGrid(timeMs: number): Grid {
  return { startMs: timeMs, stepMs: 1, count: 1 };
}

/**
 * Returns the grid from `startMs` to at most `endMs`, both inclusive. Requires `endMs >= startMs` and `stepMs > 0`. The
 * last step may lie before `endMs`.
 */
export function rangeGrid(startMs: number, endMs: number, stepMs: number): Grid {
  return { startMs, stepMs, count: Math.floor((endMs - startMs) / stepMs) + 1 };
}

/** Returns the time of the last step, in milliseconds since the epoch. */
export function gridEndMs(grid: Grid): number {
  return grid.startMs + (grid.count - 1) * grid.stepMs;
}
