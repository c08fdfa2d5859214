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
import type { Scope } from '../scope.js';
import { referenceOf, selectRaw, withoutStale, type Reference } from '../selector.js';

/** A range vector: for each step the samples in `(t − range, t]`, `t` moving as `reference` says. */
export interface RangeOperand {
  /** Without stale samples; a series may have no sample at all. */
  readonly series: readonly RawSeries[];
  readonly reference: Reference;
  readonly rangeMs: number;
  /** How far samples of a range with an extension are looked for before and after each window; none by default. */
  readonly beforeMs?: number;
  readonly afterMs?: number;
  /** Those of the series whose names are to be dropped in the end (`Column.dropsName`). */
  readonly unnamed?: ReadonlySet<RawSeries>;
  /** Samples taken from the budget, as in `Operand`. */
  readonly held: number;
}

export async function evalRange(scope: Scope, node: RangeNode | SubqueryNode): Promise<RangeOperand> {
  return node.kind === 'range' ? rangeOfSelector(scope, node) : rangeOfSubquery(scope, node);
}

async function rangeOfSelector(scope: Scope, { selector, rangeMs }: RangeNode): Promise<RangeOperand> {
  const reference = referenceOf(scope, selector);
  const { extension } = selector;
  const { lookbackDeltaMs } = scope.context;
  const beforeMs = extension === undefined ? 0 : lookbackDeltaMs;
  const afterMs = extension === 'smoothed' ? lookbackDeltaMs : 0;
  const statsOnly = scope.statsSelectors.has(selector);
  const window = {
    // A sample right at the window's start is not in it, but the first in it is compared with that one.
    afterMs: reference.firstMs - rangeMs - beforeMs - (statsOnly ? 1 : 0),
    untilMs: reference.lastMs + afterMs,
  };
  const raw = await selectRaw(scope, selector, window, 'windows');
  const reading = {
    firstMs: reference.firstMs + afterMs,
    stepMs: reference.stepMs,
    count: scope.grid.count,
    reachMs: rangeMs + beforeMs + afterMs,
  };
  const series: RawSeries[] = [];
  for (const one of raw.series) {
    if (scope.pacer.due) await scope.pacer.pause();
    series.push(withoutStale(statsOnly ? await withStatsOnly(scope.pacer, one, reading) : one));
  }
  return { series, reference, rangeMs, beforeMs, afterMs, held: raw.held };
}

/**
 * The inside of a subquery is evaluated at the multiples of its step that lie in the windows.
 *
 * Source: Prometheus, promql/engine.go (`eval`, SubqueryExpr).
 */
async function rangeOfSubquery(scope: Scope, node: SubqueryNode): Promise<RangeOperand> {
  const { rangeMs } = node;
  const stepMs = node.stepMs ?? scope.context.defaultStepMs;
  if (!(stepMs > 0)) throw new PromfedError('execution', 'a subquery step must be greater than zero');
  const reference = referenceOf(scope, node);
  const startMs = (Math.floor((reference.firstMs - rangeMs) / stepMs) + 1) * stepMs;
  const count = Math.floor((reference.lastMs - startMs) / stepMs) + 1;
  if (count <= 0) return { series: [], reference, rangeMs, held: 0 };
  const grid: Grid = { startMs, stepMs, count };
  const within = scope.inner(grid);
  const inner = await within.evaluate(node.input);
  if (inner.type !== 'vector') throw new PromfedError('internal', `a subquery was given a ${inner.type}`);
  const range = await pointsOf(scope, inner.columns, grid, { reference, rangeMs });
  within.release(inner);
  return range;
}

/** What a sample knew of the one before it says nothing of the point before it. */
function withoutResetHint(histogram: Histogram): Histogram {
  return histogram.hint === 'gauge' ? histogram : { ...histogram, hint: 'unknown' };
}

async function pointsOf(
  scope: Scope,
  columns: readonly Column[],
  grid: Grid,
  shape: Pick<RangeOperand, 'reference' | 'rangeMs'>,
): Promise<RangeOperand> {
  const series: RawSeries[] = [];
  const unnamed = new Set<RawSeries>();
  let held = 0;
  for (const { labels, values, present, histograms, dropsName } of columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    const size = present.reduce((sum, kind) => sum + (kind === 0 ? 0 : 1), 0);
    scope.rawBudget.reserve(size);
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
    if (dropsName === true) unnamed.add(points);
  }
  return { series, unnamed, held, ...shape };
}
