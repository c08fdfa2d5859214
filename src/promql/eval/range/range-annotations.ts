// Annotations of range functions.

import type { Column, Labels, RawSeries } from '../../../model/index.js';
import { hasStartTimeOverlap } from '../../functions/index.js';
import type { PlanNode } from '../../plan/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import type { Evaluator } from '../evaluator.js';
import type { SlidingWindows } from './sliding-windows.js';

/** Suffixes of counter names. Source: Prometheus, promql/engine.go (`eval`, the end of calls on matrices). */
const COUNTER_SUFFIXES = ['_total', '_sum', '_count', '_bucket'];

/** Adds an info for a metric whose name is not that of a counter. */
export function annotateNonCounter(evaluator: Evaluator, { metricName }: Labels, at: PlanNode): void {
  if (metricName === '' || COUNTER_SUFFIXES.some((suffix) => metricName.endsWith(suffix))) return;
  evaluator.info(ANNOTATION_TEXTS.possibleNonCounter(metricName), at);
}

/** Adds a warning for each invalid quantile. Steps without a float in the result are not checked. */
export async function annotateQuantiles(
  evaluator: Evaluator,
  quantiles: Float64Array,
  columns: readonly Column[],
  at: PlanNode,
): Promise<void> {
  let last: number | undefined;
  const annotate = (step: number): void => {
    const q = quantiles[step]!;
    if ((q >= 0 && q <= 1) || Object.is(q, last)) return;
    if (!columns.some(({ present }) => present[step] === 1)) return;
    last = q;
    evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(q), at);
  };
  const running = evaluator.forSteps((fromStep, toStep) => {
    for (let step = fromStep; step < toStep; step++) annotate(step);
  });
  if (running !== undefined) await running;
}

/**
 * Adds a warning for a counter with a window that contains a sample whose start timestamp is before the previous
 * sample. Windows with floats and histograms have no result and are not checked.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`, `histogramRate`).
 */
export function annotateStartTimeOverlap(
  evaluator: Evaluator,
  series: RawSeries,
  { from, to }: SlidingWindows,
  at: PlanNode,
): void {
  const { labels, timestamps, startTimestamps, histograms } = series;
  if (startTimestamps === undefined) return;
  const samples = { timestamps, startTimestamps };
  /** For each sample the index of the last sample up to it with an overlap, or 0. */
  const lastOverlap = new Int32Array(timestamps.length);
  for (let i = 1; i < lastOverlap.length; i++) {
    lastOverlap[i] = hasStartTimeOverlap(samples, i) ? i : lastOverlap[i - 1]!;
  }
  for (let step = 0; step < evaluator.grid.count; step++) {
    const [first, end] = [from[step]!, to[step]!];
    if (end <= first || lastOverlap[end - 1]! <= first) continue;
    const kinds = new Set(histograms?.slice(first, end).map((histogram) => histogram === undefined));
    if (kinds.size > 1) continue;
    evaluator.warn(ANNOTATION_TEXTS.startTimeOverlap(labels.metricName), at);
    return;
  }
}
