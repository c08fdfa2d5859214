// Range functions of series with native histograms, with or without floats.

import {
  detectReset,
  divideHistogram,
  equalHistograms,
  HistogramSum,
  multiplyHistogram,
  tryAddHistograms,
  type Histogram,
  type RawSeries,
} from '../../../model/index.js';
import {
  extrapolationFactor,
  isStartTimestampReset,
  tryZeroTime,
  type Windows,
} from '../../functions/index.js';
import type { PlanNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { tryHistogramIncrease, tryInstantDifference } from './histogram-rate.js';
import { RunningCount } from '../range/running-count.js';
import type { HistogramColumn, Evaluator } from '../evaluator.js';

/** The window of one step, with the samples of its series. Times are milliseconds since the epoch. */
export interface HistogramWindow {
  readonly evaluator: Evaluator;
  /** Position of annotations: the range of the function. */
  readonly at: PlanNode;
  readonly metricName: string;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly histograms: readonly (Histogram | undefined)[];
  readonly startTimestamps: Float64Array | undefined;
  /** Counts of the samples that differ from the sample before, and of those that follow a reset. */
  readonly changes: RunningCount;
  readonly resets: RunningCount;
  /** Indices of the window's samples, `from` inclusive to `to` exclusive: at least one. */
  readonly from: number;
  readonly to: number;
  /** Edges of the range: exclusive and inclusive. */
  readonly startMs: number;
  readonly endMs: number;
}

/** The result of a function for one window; undefined for no result. */
export type WindowResult = number | Histogram | undefined;

/** Computes the result of one window. Adds annotations to the evaluator. */
export type WindowFunction = (window: HistogramWindow) => WindowResult;

/** Functions that accept histograms. All others ignore them. */
const FUNCTIONS: ReadonlyMap<string, WindowFunction> = new Map<string, WindowFunction>([
  ['rate', (window) => extrapolated(window, true, true)],
  ['increase', (window) => extrapolated(window, true, false)],
  ['delta', (window) => extrapolated(window, false, false)],
  ['irate', (window) => fromLastTwo(window, true)],
  ['idelta', (window) => fromLastTwo(window, false)],
  ['sum_over_time', (window) => total(window, false)],
  ['avg_over_time', (window) => total(window, true)],
  ['count_over_time', ({ from, to }) => to - from],
  ['present_over_time', () => 1],
  ['first_over_time', (window) => sampleAt(window, window.from)],
  ['last_over_time', (window) => sampleAt(window, window.to - 1)],
  ['ts_of_first_over_time', ({ timestamps, from }) => timestamps[from]! / 1000],
  ['ts_of_last_over_time', ({ timestamps, to }) => timestamps[to - 1]! / 1000],
  ['changes', ({ changes, from, to }) => changes.between(from, to - 1)],
  ['resets', ({ resets, from, to }) => resets.between(from, to - 1)],
]);

/** Returns a function for windows with histograms, or `undefined` for a function that ignores histograms. */
export function tryWindowFunction(func: string): WindowFunction | undefined {
  return FUNCTIONS.get(func);
}

/**
 * Prepares the computation of a series with histograms. The returned function computes the steps `fromStep` inclusive
 * to `toStep` exclusive whose windows contain a histogram. Other steps are left as the function for floats wrote them.
 */
export function runOnHistograms(
  evaluator: Evaluator,
  compute: WindowFunction,
  at: PlanNode,
  { labels, histograms = [] }: RawSeries,
  windows: Windows,
  column: HistogramColumn,
): (fromStep: number, toStep: number) => void {
  const { metricName } = labels;
  const { timestamps, values, startTimestamps, rangeMs } = windows;
  const size = timestamps.length;
  const samples = { timestamps, values, histograms, startTimestamps };
  const histogramCount = new RunningCount(size, (index) => histograms[index] !== undefined);
  const changes = new RunningCount(size, (index) => isChange(samples, index));
  const resets = new RunningCount(size, (index) => isReset(samples, index));
  return (fromStep, toStep) => {
    for (let step = fromStep; step < toStep; step++) {
      const from = windows.from[step]!;
      const to = windows.to[step]!;
      if (to <= from) continue;
      if (histograms[from] === undefined && histogramCount.between(from, to - 1) === 0) continue;
      const endMs = windows.firstEndMs + step * windows.endStepMs;
      const startMs = endMs - rangeMs;
      const result = compute({
        evaluator,
        at,
        metricName,
        ...samples,
        changes,
        resets,
        from,
        to,
        startMs,
        endMs,
      });
      if (typeof result === 'number') {
        column.values[step] = result;
        column.present[step] = 1;
      } else if (result === undefined) {
        column.present[step] = 0;
      } else {
        evaluator.putHistogram(column, step, result);
      }
    }
  };
}

/** Returns the histograms of a window, or `undefined`, with a warning, for a window that contains floats. */
export function tryHistograms(window: HistogramWindow): readonly Histogram[] | undefined {
  const { evaluator, at, metricName, histograms, from, to } = window;
  const all: Histogram[] = [];
  for (let i = from; i < to; i++) {
    const histogram = histograms[i];
    if (histogram === undefined) {
      evaluator.warn(ANNOTATION_TEXTS.mixedTypes(metricName), at);
      return undefined;
    }
    all.push(histogram);
  }
  return all;
}

/** Source: Prometheus, promql/functions.go (`extrapolatedRate`). */
function extrapolated(window: HistogramWindow, isCounter: boolean, isRate: boolean): WindowResult {
  const { timestamps, from, to, startMs, endMs } = window;
  const all = tryHistograms(window);
  if (all === undefined) return undefined;
  const first = all[0]!;
  const zeroMs = isCounter ? tryZeroTime(window, from, startMs) : undefined;
  let increase: Histogram | undefined = first;
  let shareToZero = NaN;
  if (all.length > 1) {
    increase = tryHistogramIncrease(window, all, isCounter);
    if (increase === undefined) return undefined;
    if (isCounter && increase.count > 0 && first.count >= 0) shareToZero = first.count / increase.count;
    if (zeroMs !== undefined) increase = tryAddFirst(window, increase, first);
  } else if (zeroMs === undefined) {
    return undefined;
  }
  if (increase === undefined) return undefined;
  let factor = extrapolationFactor(timestamps, from, to - 1, startMs, endMs, shareToZero, zeroMs);
  if (isRate) factor /= (endMs - startMs) / 1000;
  return multiplyHistogram(increase, factor);
}

/** Returns the increase since the counter was zero, which includes the first sample. */
function tryAddFirst(
  { evaluator, at, metricName }: HistogramWindow,
  increase: Histogram,
  first: Histogram,
): Histogram | undefined {
  const sum = tryAddHistograms(increase, first);
  if (sum === undefined) evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
  if (sum?.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
  return sum && { ...sum.histogram, hint: increase.hint };
}

/** Source: Prometheus, promql/functions.go (`instantValue`). */
function fromLastTwo(window: HistogramWindow, isRate: boolean): WindowResult {
  const { evaluator, at, metricName, timestamps, values, histograms, from, to } = window;
  if (to - from < 2) return undefined;
  const [previous, last] = [histograms[to - 2], histograms[to - 1]];
  const seconds = (timestamps[to - 1]! - timestamps[to - 2]!) / 1000;
  if (previous !== undefined && last !== undefined) {
    const difference = tryInstantDifference(window, previous, last, isRate, window.resets.has(to - 1));
    return difference === undefined || !isRate ? difference : divideHistogram(difference, seconds);
  }
  if (previous !== undefined || last !== undefined) {
    evaluator.warn(ANNOTATION_TEXTS.mixedTypes(metricName), at);
    return undefined;
  }
  const [a, b] = [values[to - 2]!, values[to - 1]!];
  if (!isRate) return b - a;
  return (window.resets.has(to - 1) ? b : b - a) / seconds;
}

/** Source: Prometheus, promql/functions.go (`funcSumOverTime`, `funcAvgOverTime`). */
function total(window: HistogramWindow, isMean: boolean): WindowResult {
  const { evaluator, at, metricName } = window;
  const all = tryHistograms(window);
  if (all === undefined) return undefined;
  const sum = new HistogramSum(all[0]!, isMean);
  for (const histogram of all.slice(1)) {
    if (sum.tryAdd(histogram)) continue;
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  if (sum.collision) evaluator.warn(ANNOTATION_TEXTS.collision('aggregation'), at);
  if (sum.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('aggregation'), at);
  return sum.total;
}

function sampleAt({ values, histograms }: HistogramWindow, index: number): WindowResult {
  return histograms[index] ?? values[index]!;
}

type Samples = Pick<HistogramWindow, 'timestamps' | 'values' | 'histograms' | 'startTimestamps'>;

/** A float after a histogram, or the reverse, is a change. Source: Prometheus, promql/functions.go (`funcChanges`). */
function isChange({ values, histograms }: Samples, index: number): boolean {
  const [previous, current] = [histograms[index - 1], histograms[index]];
  if (previous !== undefined && current !== undefined) return !equalHistograms(previous, current);
  if (previous !== undefined || current !== undefined) return true;
  const [a, b] = [values[index - 1]!, values[index]!];
  return a !== b && !(Number.isNaN(a) && Number.isNaN(b));
}

/** A float after a histogram, or the reverse, is a reset. Source: Prometheus, promql/functions.go (`funcResets`). */
function isReset(samples: Samples, index: number): boolean {
  const { values, histograms } = samples;
  const [previous, current] = [histograms[index - 1], histograms[index]];
  if ((previous === undefined) !== (current === undefined)) return true;
  if (isStartTimestampReset(samples, index)) return true;
  if (previous !== undefined && current !== undefined) return detectReset(current, previous);
  return values[index]! < values[index - 1]!;
}
