// Instant selectors on raw samples.

import {
  gridEndMs,
  type Grid,
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
import { decodeStats } from './histogram/histogram-stats.js';
import { sampleTypeOf, trySmoothedHistogram } from './histogram/smoothed-histogram.js';
import type { Evaluator, VectorOperand } from './evaluator.js';
import type { SampleUse } from './sample-source.js';

/** The times at which a selector or a subquery is evaluated: step i at `firstMs + i * stepMs`. */
export interface SelectorTimes {
  readonly firstMs: number;
  /** The step of the grid, or 0 when `@` fixes the time. */
  readonly stepMs: number;
  /** The time of the last step. */
  readonly lastMs: number;
}

/** Returns the times of the grid's steps after applying offset and `@`. */
export function selectorTimes(
  grid: Grid,
  { offsetMs, atMs }: { readonly offsetMs: number; readonly atMs: number | undefined },
): SelectorTimes {
  if (atMs === undefined) {
    return { firstMs: grid.startMs - offsetMs, stepMs: grid.stepMs, lastMs: gridEndMs(grid) - offsetMs };
  }
  return { firstMs: atMs - offsetMs, stepMs: 0, lastMs: atMs - offsetMs };
}

/** Returns the raw series of a selector in a window, sorted by labels. Their samples are reserved from the raw budget. */
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
    ({ labels }, i) => i === 0 || Labels.compare(selected[i - 1]!.labels, labels) < 0,
  );
  const series = isSorted
    ? selected
    : await sortPaced(evaluator.pacer, selected, (a, b) => Labels.compare(a.labels, b.labels));
  return { series, held };
}

/** The field of a sample that a selector returns as its value. Times are in seconds. */
export type SampleField = 'value' | 'timestamp' | 'startTimestamp';

/** Options of evalSelector. */
export interface SelectorOptions {
  /** The field to return. Default: `value`. */
  readonly field?: SampleField;
  /** Called with each step at which a sample is a histogram. */
  readonly onHistogram?: (step: number) => void;
  /** Further matchers that every series must satisfy. */
  readonly extraMatchers?: readonly Matcher[];
}

/**
 * Evaluates a selector: at each step the newest sample of each series in `(t − lookback, t]`, unless it is a stale
 * marker. Series without start timestamps have none for `startTimestamp`.
 *
 * Source: Prometheus, promql/engine.go (`vectorSelectorSingle`).
 */
export async function evalSelector(
  evaluator: Evaluator,
  node: SelectorNode,
  { field = 'value', onHistogram, extraMatchers }: SelectorOptions = {},
): Promise<VectorOperand> {
  const { pacer, grid } = evaluator;
  const { lookbackDeltaMs } = evaluator.context;
  if (node.extension === 'smoothed' && field === 'value') return evalSmoothed(evaluator, node);
  const statsOnly = evaluator.statsSelectors.has(node);
  const times = selectorTimes(evaluator.grid, node);
  const window = { afterMs: times.firstMs - lookbackDeltaMs, untilMs: times.lastMs };
  const use = field === 'startTimestamp' ? 'starts' : 'lookback';
  const raw = await selectRaw(evaluator, node, window, use, extraMatchers);
  const scan = { ...times, count: grid.count, lookbackMs: lookbackDeltaMs - 1 };
  const columns = [];
  for (const rawSeries of raw.series) {
    if (pacer.due) await pacer.pause();
    if (field === 'startTimestamp' && rawSeries.startTimestamps === undefined) continue;
    const series = statsOnly ? await decodeStats(pacer, rawSeries, scan) : rawSeries;
    const { labels, timestamps, values, stale, histograms, startTimestamps } = series;
    const hasHistograms = field === 'value' && histograms !== undefined;
    const column = hasHistograms ? evaluator.newHistogramColumn(labels) : evaluator.newColumn(labels);
    let reached = 0;
    const running = evaluator.forSteps((fromStep, toStep) => {
      let next = reached;
      for (let step = fromStep; step < toStep; step++) {
        const timeMs = times.firstMs + step * times.stepMs;
        while (next < timestamps.length && timestamps[next]! <= timeMs) next++;
        const newest = next - 1;
        if (newest < 0 || timestamps[newest]! <= timeMs - lookbackDeltaMs || stale?.[newest] === 1) continue;
        column.values[step] =
          field === 'value'
            ? values[newest]!
            : (field === 'timestamp' ? timestamps : startTimestamps!)[newest]! / 1000;
        column.present[step] = 1;
        if (histograms?.[newest] === undefined) continue;
        onHistogram?.(step);
        if (hasHistograms) {
          column.present[step] = 2;
          column.histograms![step] = histograms[newest];
        }
      }
      reached = next;
    });
    if (running !== undefined) await running;
    columns.push(column);
  }
  evaluator.rawBudget.release(raw.held);
  return dropEmptyColumns(evaluator, evaluator.vector(columns));
}

/**
 * Evaluates a selector with `smoothed`: interpolates at each step between the samples before and after it, both within
 * the lookback.
 *
 * Source: Prometheus, promql/engine.go (`smoothSeries`).
 */
async function evalSmoothed(evaluator: Evaluator, node: SelectorNode): Promise<VectorOperand> {
  const { lookbackDeltaMs } = evaluator.context;
  const { firstMs, stepMs, lastMs } = selectorTimes(evaluator.grid, node);
  const statsOnly = evaluator.statsSelectors.has(node);
  const window = {
    afterMs: firstMs - lookbackDeltaMs - (statsOnly ? 1 : 0),
    untilMs: lastMs + lookbackDeltaMs,
  };
  const raw = await selectRaw(evaluator, node, window, 'windows');
  const scan = {
    firstMs: firstMs + lookbackDeltaMs,
    stepMs,
    count: evaluator.grid.count,
    lookbackMs: 2 * lookbackDeltaMs,
  };
  const columns = [];
  for (const rawSeries of raw.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const series = dropStaleMarkers(
      statsOnly ? await decodeStats(evaluator.pacer, rawSeries, scan) : rawSeries,
    );
    const { labels, timestamps, values } = series;
    const histograms = series.histograms && evaluator.newHistogramColumn(labels);
    const column = histograms ?? evaluator.newColumn(labels);
    let from = 0;
    let to = 0;
    for (let step = 0; step < evaluator.grid.count; step++) {
      const timeMs = firstMs + step * stepMs;
      while (to < timestamps.length && timestamps[to]! <= timeMs + lookbackDeltaMs) to++;
      while (from < to && timestamps[from]! <= timeMs - lookbackDeltaMs) from++;
      const window = { from, to, timeMs };
      if (histograms !== undefined && sampleTypeOf(series, window) !== 'float') {
        if (evaluator.pacer.due) await evaluator.pacer.pause();
        const histogram = trySmoothedHistogram(evaluator, node, series, window);
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

/** Returns a series without its stale markers. */
export function dropStaleMarkers(series: RawSeries): RawSeries {
  const { labels, timestamps, values, stale, histograms, startTimestamps, counterValues } = series;
  if (stale === undefined) return series;
  const isFresh = (_: number, i: number): boolean => stale[i] !== 1;
  return {
    labels,
    timestamps: timestamps.filter(isFresh),
    values: values.filter(isFresh),
    ...(histograms === undefined ? {} : { histograms: histograms.filter((_, i) => stale[i] !== 1) }),
    ...(startTimestamps === undefined ? {} : { startTimestamps: startTimestamps.filter(isFresh) }),
    ...(counterValues === undefined ? {} : { counterValues: counterValues.filter(isFresh) }),
  };
}
