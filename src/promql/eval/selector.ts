// Instant selectors over raw samples: at each step the newest sample within lookback.

import {
  gridEndMs,
  Labels,
  seriesWeight,
  type Matcher,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import { smoothedAt } from '../functions/index.js';
import type { SelectorNode } from '../plan/index.js';
import { dropEmptyColumns } from './columns.js';
import { withStatsOnly } from './histogram/histogram-stats.js';
import { kindOf, smoothedHistogram } from './histogram/smoothed-histogram.js';
import type { Evaluator, VectorOperand } from './evaluator.js';
import type { SampleUse } from './sample-source.js';

/** The times that a selector or subquery is about: step i at `firstMs + i * stepMs`. */
export interface SelectorTimes {
  readonly firstMs: number;
  /** The grid's step, or 0 where `@` fixes the time. */
  readonly stepMs: number;
  readonly lastMs: number;
}

/** Where offset and `@` move the steps of the grid. */
export function selectorTimes(
  evaluator: Evaluator,
  { offsetMs, atMs }: { readonly offsetMs: number; readonly atMs: number | undefined },
): SelectorTimes {
  if (atMs === undefined) {
    return {
      firstMs: evaluator.grid.startMs - offsetMs,
      stepMs: evaluator.grid.stepMs,
      lastMs: gridEndMs(evaluator.grid) - offsetMs,
    };
  }
  return { firstMs: atMs - offsetMs, stepMs: 0, lastMs: atMs - offsetMs };
}

/** Raw series of a selector in a window, sorted by labels, their samples taken from the budget. */
export async function selectRaw(
  evaluator: Evaluator,
  { selection }: SelectorNode,
  window: TimeWindow,
  use: SampleUse,
  extraMatchers: readonly Matcher[] = [],
): Promise<{ readonly series: readonly RawSeries[]; readonly held: number }> {
  const { context } = evaluator;
  const selected = await context.samples.select({ selection, extraMatchers, window, use }, context.signal);
  const held = selected.reduce((sum, series) => sum + seriesWeight(series), 0);
  evaluator.rawBudget.reserve(held);
  const isSorted = selected.every(
    (one, i) => i === 0 || Labels.compare(selected[i - 1]!.labels, one.labels) < 0,
  );
  const series = isSorted
    ? selected
    : await sortPaced(evaluator.pacer, selected, (a, b) => Labels.compare(a.labels, b.labels));
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
  evaluator: Evaluator,
  node: SelectorNode,
  what: 'value' | 'time' | 'start' = 'value',
  seeHistogram?: (step: number) => void,
  extraMatchers: readonly Matcher[] = [],
): Promise<VectorOperand> {
  const { pacer, grid } = evaluator;
  const { lookbackDeltaMs } = evaluator.context;
  if (node.extension === 'smoothed' && what === 'value') return evalSmoothed(evaluator, node);
  const times = selectorTimes(evaluator, node);
  const window = { afterMs: times.firstMs - lookbackDeltaMs, untilMs: times.lastMs };
  const raw = await selectRaw(
    evaluator,
    node,
    window,
    what === 'start' ? 'starts' : 'lookback',
    extraMatchers,
  );
  const columns = [];
  for (const series of raw.series) {
    if (pacer.due) await pacer.pause();
    if (what === 'start' && series.startTimestamps === undefined) continue;
    const reading = { ...times, count: grid.count, reachMs: lookbackDeltaMs - 1 };
    const seen = evaluator.statsSelectors.has(node) ? await withStatsOnly(pacer, series, reading) : series;
    const { labels, timestamps, values, stale, histograms, startTimestamps } = seen;
    const withHistograms = what === 'value' && histograms !== undefined;
    const column = withHistograms ? evaluator.newHistogramColumn(labels) : evaluator.newColumn(labels);
    let next = 0;
    for (let step = 0; step < grid.count; step++) {
      const timeMs = times.firstMs + step * times.stepMs;
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
  evaluator.rawBudget.release(raw.held);
  return dropEmptyColumns(evaluator, evaluator.vector(columns));
}

/**
 * The vector of a selector with `smoothed`: each sample between its neighbours, of which the later one may lie up to
 * the lookback after the step.
 *
 * Source: Prometheus, promql/engine.go (`smoothSeries`).
 */
async function evalSmoothed(evaluator: Evaluator, node: SelectorNode): Promise<VectorOperand> {
  const { lookbackDeltaMs } = evaluator.context;
  const { firstMs, stepMs, lastMs } = selectorTimes(evaluator, node);
  const statsOnly = evaluator.statsSelectors.has(node);
  const window = {
    afterMs: firstMs - lookbackDeltaMs - (statsOnly ? 1 : 0),
    untilMs: lastMs + lookbackDeltaMs,
  };
  const raw = await selectRaw(evaluator, node, window, 'windows');
  const reading = {
    firstMs: firstMs + lookbackDeltaMs,
    stepMs,
    count: evaluator.grid.count,
    reachMs: 2 * lookbackDeltaMs,
  };
  const columns = [];
  for (const series of raw.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const fresh = withoutStale(statsOnly ? await withStatsOnly(evaluator.pacer, series, reading) : series);
    const { labels, timestamps, values } = fresh;
    const histograms = fresh.histograms && evaluator.newHistogramColumn(labels);
    const column = histograms ?? evaluator.newColumn(labels);
    let from = 0;
    let to = 0;
    for (let step = 0; step < evaluator.grid.count; step++) {
      const timeMs = firstMs + step * stepMs;
      while (to < timestamps.length && timestamps[to]! <= timeMs + lookbackDeltaMs) to++;
      while (from < to && timestamps[from]! <= timeMs - lookbackDeltaMs) from++;
      const window = { from, to, timeMs };
      if (histograms !== undefined && kindOf(fresh, window) !== 'float') {
        if (evaluator.pacer.due) await evaluator.pacer.pause();
        const histogram = smoothedHistogram(evaluator, node, fresh, window);
        if (histogram !== undefined) evaluator.putHistogram(histograms, step, histogram);
        continue;
      }
      const value = smoothedAt(timestamps, values, window);
      if (value === undefined) continue;
      column.values[step] = value;
      column.present[step] = 1;
    }
    columns.push(column);
  }
  evaluator.rawBudget.release(raw.held);
  return dropEmptyColumns(evaluator, evaluator.vector(columns));
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
