// Instant selectors with `smoothed` on native histograms.

import type { Histogram, RawSeries } from '../../../model/index.js';
import type { PlanNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { tryInterpolateHistograms, type TimedHistogram } from './interpolate-histograms.js';
import type { Evaluator } from '../evaluator.js';

/** The samples within the lookback before and after a time: indices `from` inclusive to `to` exclusive. */
export interface SmoothedWindow {
  readonly from: number;
  readonly to: number;
  readonly timeMs: number;
}

/** Returns the type of the samples of a window. An empty window counts as floats. */
export function sampleTypeOf(
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
 * Interpolates the histogram of a window without floats at its time. Without a sample after the time, returns the one
 * before it with an unknown reset hint. Two samples are a counter unless both are gauges. Undefined without a sample
 * before the time and, with a warning, for a mixed window.
 *
 * Source: Prometheus, promql/engine.go (`smoothSeries`).
 *
 * @param at position of annotations.
 */
export function trySmoothedHistogram(
  evaluator: Evaluator,
  at: PlanNode,
  series: RawSeries,
  window: SmoothedWindow,
): Histogram | undefined {
  const { labels, timestamps, histograms = [] } = series;
  const { from, to, timeMs } = window;
  const { metricName } = labels;
  if (sampleTypeOf(series, window) === 'mixed') {
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
  return tryInterpolateHistograms({ evaluator, at, metricName }, before, after, timeMs, isCounter);
}
