// Instant selectors over raw samples: at each step the newest sample within lookback.

import {
  gridEndMs,
  Labels,
  seriesWeight,
  type RawSeries,
  type SampleUse,
  type TimeWindow,
} from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import { smoothedAt } from '../functions/index.js';
import type { SelectorNode } from '../plan/index.js';
import { withoutEmpty } from './columns.js';
import { withStatsOnly } from './histogram/histogram-stats.js';
import { kindOf, smoothedHistogram } from './histogram/smoothed-histogram.js';
import type { Scope, VectorOperand } from './scope.js';

/** The times that a selector or subquery is about: step i at `firstMs + i * stepMs`. */
export interface Reference {
  readonly firstMs: number;
  /** The grid's step, or 0 where `@` fixes the time. */
  readonly stepMs: number;
  readonly lastMs: number;
}

/** Where offset and `@` move the steps of the grid. */
export function referenceOf(
  scope: Scope,
  { offsetMs, atMs }: { readonly offsetMs: number; readonly atMs: number | undefined },
): Reference {
  if (atMs === undefined) {
    return {
      firstMs: scope.grid.startMs - offsetMs,
      stepMs: scope.grid.stepMs,
      lastMs: gridEndMs(scope.grid) - offsetMs,
    };
  }
  return { firstMs: atMs - offsetMs, stepMs: 0, lastMs: atMs - offsetMs };
}

/** Raw series of a selector in a window, sorted by labels, their samples taken from the budget. */
export async function selectRaw(
  scope: Scope,
  { matchers }: SelectorNode,
  window: TimeWindow,
  use: SampleUse,
): Promise<{ readonly series: readonly RawSeries[]; readonly held: number }> {
  const { context } = scope;
  const selected = await context.samples.select(matchers, window, use, context.signal);
  const held = selected.reduce((sum, series) => sum + seriesWeight(series), 0);
  scope.rawBudget.reserve(held);
  const isSorted = selected.every(
    (one, i) => i === 0 || Labels.compare(selected[i - 1]!.labels, one.labels) < 0,
  );
  const series = isSorted
    ? selected
    : await sortPaced(scope.pacer, selected, (a, b) => Labels.compare(a.labels, b.labels));
  return { series, held };
}

/**
 * The vector of a selector: at each step the newest sample in `(t − lookback, t]` of each series, nothing when
 * that is a stale marker. With `what` as `time`, the sample's own time in seconds stands in for its value, as `start`
 * the time since which it counts, which only samples of series with start timestamps have.
 * `seeHistogram` is told each step at which a sample is a histogram.
 *
 * Source: Prometheus, promql/engine.go (`vectorSelectorSingle`).
 */
export async function evalSelector(
  scope: Scope,
  node: SelectorNode,
  what: 'value' | 'time' | 'start' = 'value',
  seeHistogram?: (step: number) => void,
): Promise<VectorOperand> {
  const { pacer, grid } = scope;
  const { lookbackDeltaMs } = scope.context;
  if (node.extension === 'smoothed' && what === 'value') return evalSmoothed(scope, node);
  const reference = referenceOf(scope, node);
  const window = { afterMs: reference.firstMs - lookbackDeltaMs, untilMs: reference.lastMs };
  const raw = await selectRaw(scope, node, window, what === 'start' ? 'starts' : 'lookback');
  const columns = [];
  for (const series of raw.series) {
    if (pacer.due) await pacer.pause();
    if (what === 'start' && series.startTimestamps === undefined) continue;
    const reading = { ...reference, count: grid.count, reachMs: lookbackDeltaMs - 1 };
    const seen = scope.statsSelectors.has(node) ? await withStatsOnly(pacer, series, reading) : series;
    const { labels, timestamps, values, stale, histograms, startTimestamps } = seen;
    const withHistograms = what === 'value' && histograms !== undefined;
    const column = withHistograms ? scope.newHistogramColumn(labels) : scope.newColumn(labels);
    let next = 0;
    for (let step = 0; step < grid.count; step++) {
      const timeMs = reference.firstMs + step * reference.stepMs;
      while (next < timestamps.length && timestamps[next]! <= timeMs) next++;
      const newest = next - 1;
      if (newest < 0 || timestamps[newest]! <= timeMs - lookbackDeltaMs || stale?.[newest] === 1) continue;
      column.values[step] =
        what === 'value'
          ? values[newest]!
          : (what === 'time' ? timestamps : startTimestamps!)[newest]! / 1000;
      column.present[step] = 1;
      if (histograms?.[newest] === undefined) continue;
      seeHistogram?.(step);
      if (withHistograms) {
        column.present[step] = 2;
        column.histograms![step] = histograms[newest];
      }
    }
    columns.push(column);
  }
  scope.rawBudget.release(raw.held);
  return withoutEmpty(scope, scope.vector(columns));
}

/**
 * The vector of a selector with `smoothed`: each sample between its neighbours, of which the later one may lie up to
 * the lookback after the step.
 *
 * Source: Prometheus, promql/engine.go (`smoothSeries`).
 */
async function evalSmoothed(scope: Scope, node: SelectorNode): Promise<VectorOperand> {
  const { lookbackDeltaMs } = scope.context;
  const { firstMs, stepMs, lastMs } = referenceOf(scope, node);
  const statsOnly = scope.statsSelectors.has(node);
  const window = {
    afterMs: firstMs - lookbackDeltaMs - (statsOnly ? 1 : 0),
    untilMs: lastMs + lookbackDeltaMs,
  };
  const raw = await selectRaw(scope, node, window, 'windows');
  const reading = {
    firstMs: firstMs + lookbackDeltaMs,
    stepMs,
    count: scope.grid.count,
    reachMs: 2 * lookbackDeltaMs,
  };
  const columns = [];
  for (const series of raw.series) {
    if (scope.pacer.due) await scope.pacer.pause();
    const fresh = withoutStale(statsOnly ? await withStatsOnly(scope.pacer, series, reading) : series);
    const { labels, timestamps, values } = fresh;
    const histograms = fresh.histograms && scope.newHistogramColumn(labels);
    const column = histograms ?? scope.newColumn(labels);
    let from = 0;
    let to = 0;
    for (let step = 0; step < scope.grid.count; step++) {
      const timeMs = firstMs + step * stepMs;
      while (to < timestamps.length && timestamps[to]! <= timeMs + lookbackDeltaMs) to++;
      while (from < to && timestamps[from]! <= timeMs - lookbackDeltaMs) from++;
      const window = { from, to, timeMs };
      if (histograms !== undefined && kindOf(fresh, window) !== 'float') {
        if (scope.pacer.due) await scope.pacer.pause();
        const histogram = smoothedHistogram(scope, node, fresh, window);
        if (histogram !== undefined) scope.put(histograms, step, histogram);
        continue;
      }
      const value = smoothedAt(timestamps, values, window);
      if (value === undefined) continue;
      column.values[step] = value;
      column.present[step] = 1;
    }
    columns.push(column);
  }
  scope.rawBudget.release(raw.held);
  return withoutEmpty(scope, scope.vector(columns));
}

/** The series without its stale markers. */
export function withoutStale(series: RawSeries): RawSeries {
  const { labels, timestamps, values, stale, histograms, startTimestamps } = series;
  if (stale === undefined) return series;
  const fresh = (_: number, i: number): boolean => stale[i] !== 1;
  return {
    labels,
    timestamps: timestamps.filter(fresh),
    values: values.filter(fresh),
    ...(histograms === undefined ? {} : { histograms: histograms.filter((_, i) => stale[i] !== 1) }),
    ...(startTimestamps === undefined ? {} : { startTimestamps: startTimestamps.filter(fresh) }),
  };
}
