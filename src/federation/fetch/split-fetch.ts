// Fetching on the steps of a subquery: more of them than a region answers at once are asked for piece by piece.

import pLimit from 'p-limit';

import {
  emptyColumn,
  MAX_POINTS,
  type Column,
  type Grid,
  type Histogram,
  type Vector,
} from '../../model/index.js';
import type { Fetch } from '../../promql/plan/index.js';
import type { SampleBudget } from '../../runtime/index.js';
import { allOrNothing } from '../fan-out.js';
import { fetchColumns } from './fetch-columns.js';
import type { FetchRun } from './open-fetch.js';

/** So many pieces are under way at once. */
const CONCURRENT_PIECES = 4;

/**
 * As `fetchColumns`, on a grid of any length. Regions refuse more than `MAX_POINTS` steps, and a subquery may have
 * any number of them, so that a long grid becomes requests for parts of it whose results are put together.
 */
export async function splitFetch(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const { grid } = run;
  if (grid.count <= MAX_POINTS) return fetchColumns(fetch, run, budget);
  const whole = new Map<string, Column>();
  const counter = budget.onGrid(grid.count);
  const limit = pLimit(CONCURRENT_PIECES);
  await allOrNothing(piecesOf(grid), run.deadline, (piece) =>
    limit(async () => {
      const columns = await fetchColumns(fetch, { ...run, grid: piece.grid }, budget);
      for (const column of columns) put(column, piece.firstStep);
      budget.onGrid(piece.grid.count).release(columns.length * piece.grid.count);
    }),
  );
  return [...whole.values()];

  function put({ labels, values, present, histograms }: Column, firstStep: number): void {
    let target = whole.get(labels.key);
    if (target === undefined) {
      counter.reserve(grid.count);
      target = emptyColumn(labels, grid.count);
      whole.set(labels.key, target);
    }
    target.values.set(values, firstStep);
    target.present.set(present, firstStep);
    if (histograms === undefined) return;
    if (target.histograms === undefined) {
      target = { ...target, histograms: new Array<Histogram | undefined>(grid.count).fill(undefined) };
      whole.set(labels.key, target);
    }
    for (const [i, histogram] of histograms.entries()) target.histograms![firstStep + i] = histogram;
  }
}

interface Piece {
  readonly grid: Grid;
  /** Which step of the whole grid is the piece's first. */
  readonly firstStep: number;
}

function piecesOf({ startMs, stepMs, count }: Grid): Piece[] {
  const pieces: Piece[] = [];
  for (let firstStep = 0; firstStep < count; firstStep += MAX_POINTS) {
    const grid = {
      startMs: startMs + firstStep * stepMs,
      stepMs,
      count: Math.min(MAX_POINTS, count - firstStep),
    };
    pieces.push({ grid, firstStep });
  }
  return pieces;
}
