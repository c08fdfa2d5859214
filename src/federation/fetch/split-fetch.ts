// Split fetch: a fetch on more steps than a region answers at once is sent as several requests.

import {
  asPromfedError,
  emptyColumn,
  MAX_POINTS,
  type Column,
  type Grid,
  type Histogram,
  type Vector,
} from '../../model/index.js';
import type { Fetch } from '../../promql/plan/index.js';
import type { SampleBudget, SampleCounter } from '../../runtime/index.js';
import { allOrNothing } from '../fan-out.js';
import { fetchColumns } from './fetch-columns.js';
import type { FetchRun } from './open-fetch.js';

/** Number of pieces that are fetched at the same time. */
const CONCURRENT_PIECES = 4;

/**
 * Runs a fetch as `fetchColumns` does, on a grid of any length. Regions reject more than `MAX_POINTS` steps, which a
 * subquery may have: a longer grid is fetched in pieces, and their results are joined. A piece is created when it is sent,
 * and none after a failure or the deadline.
 */
export async function splitFetch(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const { grid, deadline } = run;
  if (grid.count <= MAX_POINTS) return fetchPiece(fetch, run, budget);
  const joined = new JoinedColumns(grid.count, budget.onGrid(grid.count));
  const pieces = piecesOf(grid);
  const { signal } = deadline.required;
  await allOrNothing(new Array<undefined>(CONCURRENT_PIECES).fill(undefined), deadline, async () => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
      if (signal.aborted) throw asPromfedError(signal.reason);
      const piece = next.value;
      const columns = await fetchPiece(fetch, { ...run, grid: piece.grid }, budget);
      for (const column of columns) joined.add(column, piece.firstStep);
      budget.onGrid(piece.grid.count).release(columns.length * piece.grid.count);
    }
  });
  return joined.columns();
}

function fetchPiece(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const groupsOf = (): string[] => fetch.parts.map(({ group }) => group.name);
  return run.requests.run(groupsOf, run.deadline.required.signal, () => fetchColumns(fetch, run, budget));
}

/** Columns of a long grid that are filled piece by piece. */
class JoinedColumns {
  readonly #steps: number;
  readonly #budget: SampleCounter;
  readonly #byKey = new Map<string, Column>();

  constructor(steps: number, budget: SampleCounter) {
    this.#steps = steps;
    this.#budget = budget;
  }

  /** Copies the steps of a piece. */
  add({ labels, values, present, histograms }: Column, firstStep: number): void {
    let target = this.#byKey.get(labels.key);
    if (target === undefined) {
      this.#budget.reserve(this.#steps);
      target = emptyColumn(labels, this.#steps);
      this.#byKey.set(labels.key, target);
    }
    target.values.set(values, firstStep);
    target.present.set(present, firstStep);
    if (histograms === undefined) return;
    if (target.histograms === undefined) {
      target = { ...target, histograms: new Array<Histogram | undefined>(this.#steps).fill(undefined) };
      this.#byKey.set(labels.key, target);
    }
    for (const [i, histogram] of histograms.entries()) target.histograms![firstStep + i] = histogram;
  }

  columns(): Vector {
    return [...this.#byKey.values()];
  }
}

interface Piece {
  readonly grid: Grid;
  /** The step of the whole grid at which the piece begins. */
  readonly firstStep: number;
}

function* piecesOf({ startMs, stepMs, count }: Grid): Generator<Piece, undefined> {
  for (let firstStep = 0; firstStep < count; firstStep += MAX_POINTS) {
    const pieceCount = Math.min(MAX_POINTS, count - firstStep);
    yield { grid: { startMs: startMs + firstStep * stepMs, stepMs, count: pieceCount }, firstStep };
  }
  return undefined;
}
