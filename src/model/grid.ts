// The step grid of a query: the times at which it is evaluated.

/**
 * Evaluation times in milliseconds: `startMs`, `startMs + stepMs`, … , `count` of them, both ends included.
 * An instant query is a grid of one; its step is 1 and means nothing.
 */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/**
 * Maximum number of steps after the first in a range query.
 *
 * Source: Prometheus, web/api/v1/api.go (`queryRange`).
 */
export const MAX_POINTS = 11_000;

/** The grid of one instant. */
export function instantGrid(timeMs: number): Grid {
  return { startMs: timeMs, stepMs: 1, count: 1 };
}

/** The grid from `startMs` to `endMs`, inclusive of the last step that fits. Needs `endMs >= startMs`, `stepMs > 0`. */
export function rangeGrid(startMs: number, endMs: number, stepMs: number): Grid {
  return { startMs, stepMs, count: Math.floor((endMs - startMs) / stepMs) + 1 };
}

/** The time of the grid's last step, in milliseconds. */
export function gridEndMs(grid: Grid): number {
  return grid.startMs + (grid.count - 1) * grid.stepMs;
}
