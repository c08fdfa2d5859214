// Range vectors: the raw samples of a range selector, and the points of a subquery.

import {
  PromfedError,
  type Column,
  type Grid,
  type Histogram,
  type RawSeries,
} from '../../../model/index.js';
import type { RangeNode, SubqueryNode } from '../../plan/index.js';

import { withStatsOnly } from '../histogram/histogram-stats.js';
import type { Evaluator } from '../evaluator.js';
import { selectorTimes, selectRaw, withoutStale, type SelectorTimes } from '../selector.js';

/** A range vector: for each step the samples in `(t − range, t]`, `t` moving as `times` says. */
export interface RangeOperand {
  /** Without stale samples; a series may have no sample at all. */
  readonly series: readonly RawSeries[];
  readonly times: SelectorTimes;
  readonly rangeMs: number;
  /** How far samples of a range with an extension are looked for before and after each window; none by default. */
  readonly beforeMs?: number;
  readonly afterMs?: number;
  /** Those of the series whose names are to be dropped in the end (`Column.dropsName`). */
  readonly delayedNames?: ReadonlySet<RawSeries>;
  /** Samples taken from the budget, as in `Operand`. */
  readonly held: number;
}

export async function evalRange(evaluator: Evaluator, node: RangeNode | SubqueryNode): Promise<RangeOperand> {
  return node.kind === 'range' ? rangeOfSelector(evaluator, node) : rangeOfSubquery(evaluator, node);
}

async function rangeOfSelector(
  evaluator: Evaluator,
  { selector, rangeMs }: RangeNode,
): Promise<RangeOperand> {
  const times = selectorTimes(evaluator, selector);
  const { extension } = selector;
  const { lookbackDeltaMs } = evaluator.context;
  const beforeMs = extension === undefined ? 0 : lookbackDeltaMs;
  const afterMs = extension === 'smoothed' ? lookbackDeltaMs : 0;
  const statsOnly = evaluator.statsSelectors.has(selector);
  const window = {
    // A sample right at the window's start is not in it, but the first in it is compared with that one.
    afterMs: times.firstMs - rangeMs - beforeMs - (statsOnly ? 1 : 0),
    untilMs: times.lastMs + afterMs,
  };
  const raw = await selectRaw(evaluator, selector, window, 'windows');
  const reading = {
    firstMs: times.firstMs + afterMs,
    stepMs: times.stepMs,
    count: evaluator.grid.count,
    reachMs: rangeMs + beforeMs + afterMs,
  };
  const series: RawSeries[] = [];
  for (const one of raw.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    series.push(withoutStale(statsOnly ? await withStatsOnly(evaluator.pacer, one, reading) : one));
  }
  return { series, times, rangeMs, beforeMs, afterMs, held: raw.held };
}

/**
 * The inside of a subquery is evaluated at the multiples of its step that lie in the windows.
 *
 * Source: Prometheus, promql/engine.go (`eval`, SubqueryExpr).
 */
async function rangeOfSubquery(evaluator: Evaluator, node: SubqueryNode): Promise<RangeOperand> {
  const { rangeMs } = node;
  const stepMs = node.stepMs ?? evaluator.context.defaultStepMs;
  if (!(stepMs > 0)) throw new PromfedError('execution', 'a subquery step must be greater than zero');
  const times = selectorTimes(evaluator, node);
  const startMs = (Math.floor((times.firstMs - rangeMs) / stepMs) + 1) * stepMs;
  const count = Math.floor((times.lastMs - startMs) / stepMs) + 1;
  if (count <= 0) return { series: [], times, rangeMs, held: 0 };
  const grid: Grid = { startMs, stepMs, count };
  const within = evaluator.forSubquery(grid);
  const inner = await within.evaluate(node.input);
  if (inner.type !== 'vector') throw new PromfedError('internal', `a subquery was given a ${inner.type}`);
  const range = await pointsOf(evaluator, inner.columns, grid, { times, rangeMs });
  within.release(inner);
  return range;
}

/** What a sample knew of the one before it says nothing of the point before it. */
function withoutResetHint(histogram: Histogram): Histogram {
  return histogram.hint === 'gauge' ? histogram : { ...histogram, hint: 'unknown' };
}

async function pointsOf(
  evaluator: Evaluator,
  columns: readonly Column[],
  grid: Grid,
  shape: Pick<RangeOperand, 'times' | 'rangeMs'>,
): Promise<RangeOperand> {
  const series: RawSeries[] = [];
  const delayedNames = new Set<RawSeries>();
  let held = 0;
  for (const { labels, values, present, histograms, dropsName } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const size = present.reduce((sum, kind) => sum + (kind === 0 ? 0 : 1), 0);
    evaluator.rawBudget.reserve(size);
    held += size;
    const points = {
      labels,
      timestamps: new Float64Array(size),
      values: new Float64Array(size),
      ...(histograms === undefined ? {} : { histograms: new Array<Histogram | undefined>(size) }),
    };
    let next = 0;
    for (let step = 0; step < grid.count; step++) {
      if (present[step] === 0) continue;
      points.timestamps[next] = grid.startMs + step * grid.stepMs;
      points.values[next] = values[step]!;
      if (present[step] === 2) points.histograms![next] = withoutResetHint(histograms![step]!);
      next++;
    }
    series.push(points);
    if (dropsName === true) delayedNames.add(points);
  }
  return { series, delayedNames, held, ...shape };
}
