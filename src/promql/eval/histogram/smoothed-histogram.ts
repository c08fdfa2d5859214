// Instant selectors with `smoothed` over native histograms: what a series would have counted at a time.

import type { Histogram, RawSeries } from '../../../model/index.js';
import type { PlanNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { interpolateHistograms, type TimedHistogram } from './interpolate-histograms.js';
import type { Evaluator } from '../evaluator.js';

/** The samples within lookback before and after a time, as indices `from` inclusive to `to` exclusive. */
export interface SmoothedWindow {
  readonly from: number;
  readonly to: number;
  readonly timeMs: number;
}

/** Whether the window's samples are floats, histograms or both. An empty one is of floats. */
export function kindOf(
  { histograms }: RawSeries,
  { from, to }: SmoothedWindow,
): 'float' | 'histogram' | 'mixed' {
  if (histograms === undefined) return 'float';
  let count = 0;
  for (let i = from; i < to; i++) if (histograms[i] !== undefined) count++;
  if (count === 0) return 'float';
  return count === to - from ? 'histogram' : 'mixed';
}

/**
 * The histogram of a window without floats: between the neighbours of the time, else the one before it, of which
 * nothing is said of resets. A pair is a counter unless both of it say that they are gauges. Undefined when there is
 * none before, or, with a warning, when the window is mixed.
 *
 * Source: Prometheus, promql/engine.go (`smoothSeries`).
 *
 * @param at where annotations point to.
 */
export function smoothedHistogram(
  evaluator: Evaluator,
  at: PlanNode,
  series: RawSeries,
  window: SmoothedWindow,
): Histogram | undefined {
  const { labels, timestamps, histograms = [] } = series;
  const { from, to, timeMs } = window;
  const { metricName } = labels;
  if (kindOf(series, window) === 'mixed') {
    evaluator.warn(ANNOTATION_TEXTS.mixedTypes(metricName), at);
    return undefined;
  }
  const sampleAt = (index: number): TimedHistogram => ({
    timeMs: timestamps[index]!,
    histogram: histograms[index]!,
  });
  let next = from;
  while (next < to && timestamps[next]! < timeMs) next++;
  if (next < to && timestamps[next] === timeMs) return histograms[next];
  if (next === from) return undefined;
  const before = sampleAt(next - 1);
  if (next === to) return { ...before.histogram, hint: 'unknown' };
  const after = sampleAt(next);
  const isCounter = before.histogram.hint !== 'gauge' || after.histogram.hint !== 'gauge';
  return interpolateHistograms({ evaluator, at, metricName }, before, after, timeMs, isCounter);
}
