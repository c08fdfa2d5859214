// Range vectors: the raw samples of range selectors and the points of subqueries.

import {
  PromfedError,
  type Column,
  type Grid,
  type Histogram,
  type RawSeries,
} from '../../../model/index.js';
import type { RangeNode, SubqueryNode } from '../../plan/index.js';

import { decodeStats } from '../histogram/histogram-stats.js';
import type { Evaluator } from '../evaluator.js';
import { dropStaleMarkers, selectorTimes, selectRaw, type SelectorTimes } from '../selector.js';

/** A range vector: the samples in `(t − range, t]` for the time `t` of each step. */
export interface RangeOperand {
  /** Series without stale markers. A series may be empty. */
  readonly series: readonly RawSeries[];
  readonly times: SelectorTimes;
  readonly rangeMs: number;
  /** Extent of each window beyond its range, for ranges with `anchored` or `smoothed`. Default: 0. */
  readonly beforeMs?: number;
  readonly afterMs?: number;
  /** Series whose names are to be removed at the end (`Column.dropsName`). */
  readonly delayedNames?: ReadonlySet<RawSeries>;
  /** Samples reserved from the raw budget; the consumer releases them. */
  readonly held: number;
}

/** Evaluates a range selector or a subquery. */
export async function evalRange(evaluator: Evaluator, node: RangeNode | SubqueryNode): Promise<RangeOperand> {
  return node.kind === 'range' ? rangeOfSelector(evaluator, node) : rangeOfSubquery(evaluator, node);
}

async function rangeOfSelector(
  evaluator: Evaluator,
  { selector, rangeMs }: RangeNode,
): Promise<RangeOperand> {
  const times = selectorTimes(evaluator.grid, selector);
  const { extension } = selector;
  const { lookbackDeltaMs } = evaluator.context;
  const beforeMs = extension === undefined ? 0 : lookbackDeltaMs;
  const afterMs = extension === 'smoothed' ? lookbackDeltaMs : 0;
  const statsOnly = evaluator.statsSelectors.has(selector);
  const window = {
    // A sample at the exclusive start of the window is needed to detect a reset of the first sample within.
    afterMs: times.firstMs - rangeMs - beforeMs - (statsOnly ? 1 : 0),
    untilMs: times.lastMs + afterMs,
  };
  const raw = await selectRaw(evaluator, selector, window, 'windows');
  const scan = {
    firstMs: times.firstMs + afterMs,
    stepMs: times.stepMs,
    count: evaluator.grid.count,
    lookbackMs: rangeMs + beforeMs + afterMs,
  };
  const series: RawSeries[] = [];
  for (const rawSeries of raw.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    series.push(
      dropStaleMarkers(statsOnly ? await decodeStats(evaluator.pacer, rawSeries, scan) : rawSeries),
    );
  }
  return { series, times, rangeMs, beforeMs, afterMs, held: raw.held };
}

/** Evaluates the expression of a subquery at the multiples of its step that lie in the windows. */
async function rangeOfSubquery(evaluator: Evaluator, node: SubqueryNode): Promise<RangeOperand> {
  const { rangeMs } = node;
  const { times, inner: grid } = subqueryTimes(node, evaluator.grid, evaluator.context.defaultStepMs);
  if (!(grid.stepMs > 0)) throw new PromfedError('execution', 'subquery step must be greater than zero');
  if (grid.count <= 0) return { series: [], times, rangeMs, held: 0 };
  const inner = evaluator.forSubquery(grid);
  // Operators use scratch arrays of the length of the grid, also when there are no series: one column must fit.
  inner.budget.reserve(grid.count);
  inner.budget.release(grid.count);
  const vector = await inner.evaluateVector(node.input);
  const range = await pointsOf(inner, vector.columns, { times, rangeMs });
  inner.release(vector);
  return range;
}

/**
 * Returns the times of a subquery and the steps at which its expression is evaluated: none when their count is not above 0.
 *
 * Source: Prometheus, promql/engine.go (`eval`, SubqueryExpr).
 *
 * @param grid the steps of the expression around the subquery.
 */
export function subqueryTimes(
  node: SubqueryNode,
  grid: Grid,
  defaultStepMs: number,
): { readonly times: SelectorTimes; readonly inner: Grid } {
  const stepMs = node.stepMs ?? defaultStepMs;
  const times = selectorTimes(grid, node);
  const startMs = (Math.floor((times.firstMs - node.rangeMs) / stepMs) + 1) * stepMs;
  const count = stepMs > 0 ? Math.floor((times.lastMs - startMs) / stepMs) + 1 : 0;
  return { times, inner: { startMs, stepMs, count } };
}

/** Drops the hint of a counter: it describes the reset since the sample before, not since the point before. */
function withoutResetHint(histogram: Histogram): Histogram {
  return histogram.hint === 'gauge' ? histogram : { ...histogram, hint: 'unknown' };
}

/** Converts the columns of a subquery, on the grid of its evaluator, to series. Their samples are reserved from the raw budget. */
async function pointsOf(
  evaluator: Evaluator,
  columns: readonly Column[],
  shape: Pick<RangeOperand, 'times' | 'rangeMs'>,
): Promise<RangeOperand> {
  const { grid } = evaluator;
  const series: RawSeries[] = [];
  const delayedNames = new Set<RawSeries>();
  let held = 0;
  for (const { labels, values, present, histograms, dropsName } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    let size = 0;
    const counting = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) if (present[step] !== 0) size++;
    });
    if (counting !== undefined) await counting;
    evaluator.rawBudget.reserve(size);
    held += size;
    const points = {
      labels,
      timestamps: new Float64Array(size),
      values: new Float64Array(size),
      ...(histograms === undefined ? {} : { histograms: new Array<Histogram | undefined>(size) }),
    };
    let next = 0;
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (present[step] === 0) continue;
        points.timestamps[next] = grid.startMs + step * grid.stepMs;
        points.values[next] = values[step]!;
        if (present[step] === 2) points.histograms![next] = withoutResetHint(histograms![step]!);
        next++;
      }
    });
    if (running !== undefined) await running;
    series.push(points);
    if (dropsName === true) delayedNames.add(points);
  }
  return { series, delayedNames, held, ...shape };
}
