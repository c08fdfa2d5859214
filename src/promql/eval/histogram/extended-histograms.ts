// Functions of native histograms on ranges with `anchored` and `smoothed`, computed between the range's exact edges.

import {
  detectReset,
  divideHistogram,
  tryAddHistograms,
  trySubtractHistograms,
  usesCustomBuckets,
  type Histogram,
} from '../../../model/index.js';
import { edgeSamples, type Extension } from '../../functions/index.js';

import {
  tryHistograms,
  tryWindowFunction,
  type HistogramWindow,
  type WindowFunction,
  type WindowResult,
} from './histogram-range.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { tryInterpolateHistograms, type TimedHistogram } from './interpolate-histograms.js';

/**
 * Returns the variant of a function for windows with histograms and a modifier. Undefined for a function that does not
 * accept the modifier.
 *
 * A window has the samples of the range and of its extension; `startMs` and `endMs` are the edges of the range.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`, `pickFirstSampleIndices`).
 */
export function tryExtendedWindowFunction(func: string, extension: Extension): WindowFunction | undefined {
  switch (func) {
    case 'rate':
      return (window) => difference(window, extension, true, true);
    case 'increase':
      return (window) => difference(window, extension, true, false);
    case 'delta':
      return (window) => difference(window, extension, false, false);
    case 'changes':
    case 'resets': {
      const count = tryWindowFunction(func)!;
      return (window) => {
        const edges = edgeSamples(window.timestamps, window, extension);
        return edges === undefined ? undefined : count({ ...window, from: edges.first, to: edges.last + 1 });
      };
    }
    default:
      return undefined;
  }
}

/** Source: Prometheus, promql/functions.go (`extendedHistogramRate`). */
function difference(
  window: HistogramWindow,
  extension: Extension,
  isCounter: boolean,
  isRate: boolean,
): WindowResult {
  const { evaluator, at, metricName, startMs, endMs } = window;
  const samples = trySamples(window, extension);
  if (samples === undefined || !validateRange(window, samples, isCounter)) return undefined;
  const isSmoothed = extension === 'smoothed';
  const left = tryLeftEdge(window, samples, isSmoothed, isCounter);
  const right = tryRightEdge(window, samples, isSmoothed, isCounter);
  if (left === undefined || right === undefined) return undefined;
  if (!isCounter && (left.hint !== 'gauge' || right.hint !== 'gauge')) {
    evaluator.warn(ANNOTATION_TEXTS.notGauge(metricName), at);
  }
  const { histogram, reconciled } = trySubtractHistograms(right, left)!;
  if (reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  let result = histogram;
  if (isCounter) {
    const correction = tryResetCorrection(window, samples, { left, right, isSmoothed });
    if (correction !== undefined) result = add(window, result, correction);
  }
  if (isRate) result = divideHistogram(result, (endMs - startMs) / 1000);
  return { ...result, hint: 'gauge' };
}

/**
 * Returns the samples of a window that the function uses, at least one. Undefined without one, and with a warning for
 * a window that contains floats.
 */
function trySamples(window: HistogramWindow, extension: Extension): readonly TimedHistogram[] | undefined {
  const histograms = tryHistograms(window);
  if (histograms === undefined) return undefined;
  const { timestamps, from } = window;
  const edges = edgeSamples(timestamps, window, extension);
  if (edges === undefined) return undefined;
  return histograms
    .slice(edges.first - from, edges.last + 1 - from)
    .map((histogram, i) => ({ timeMs: timestamps[edges.first + i]!, histogram }));
}

/**
 * Adds a warning for gauges used as counters. Returns false, with a warning, for a mix of exponential and custom
 * buckets.
 *
 * Source: Prometheus, promql/functions.go (`validateHistogramRange`).
 */
function validateRange(
  { evaluator, at, metricName }: HistogramWindow,
  samples: readonly TimedHistogram[],
  isCounter: boolean,
): boolean {
  const isCustom = usesCustomBuckets(samples[0]!.histogram);
  for (const { histogram } of samples) {
    if (usesCustomBuckets(histogram) !== isCustom) {
      evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
      return false;
    }
    if (isCounter && histogram.hint === 'gauge') evaluator.warn(ANNOTATION_TEXTS.notCounter(metricName), at);
  }
  return true;
}

/** Returns the histogram at the start of the range, or `undefined`, with a warning, if it cannot be interpolated. */
function tryLeftEdge(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  isSmoothed: boolean,
  isCounter: boolean,
): Histogram | undefined {
  const first = samples[0]!;
  if (!isSmoothed || first.timeMs >= window.startMs) return first.histogram;
  return tryInterpolateHistograms(window, first, samples[1]!, window.startMs, isCounter);
}

/** Returns the histogram at the end of the range, or `undefined`, with a warning, if it cannot be interpolated. */
function tryRightEdge(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  isSmoothed: boolean,
  isCounter: boolean,
): Histogram | undefined {
  const last = samples.at(-1)!;
  const previous = samples.at(-2);
  if (!isSmoothed || previous === undefined || last.timeMs <= window.endMs) return last.histogram;
  return tryInterpolateHistograms(window, previous, last, window.endMs, isCounter);
}

interface EdgeHistograms {
  readonly left: Histogram;
  readonly right: Histogram;
  readonly isSmoothed: boolean;
}

/**
 * Returns the sum of a counter's values before its resets between the edges, or `undefined` without a reset. The right
 * edge replaces the last sample and has its hint. A reset before an interpolated left edge is part of the edge.
 *
 * Source: Prometheus, promql/functions.go (`correctForCounterResetsHistogram`).
 */
function tryResetCorrection(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  { left, right, isSmoothed }: EdgeHistograms,
): Histogram | undefined {
  let [previous, next] = [left, 1];
  const [first, second] = [samples[0]!, samples[1]];
  if (isSmoothed && second !== undefined && first.timeMs < window.startMs) {
    if (detectReset(second.histogram, first.histogram)) [previous, next] = [second.histogram, 2];
  }
  const isEmpty = next > samples.length - 1;
  if (isEmpty) return undefined;
  let correction: Histogram | undefined;
  for (const current of [...samples.slice(next, -1).map(({ histogram }) => histogram), right]) {
    if (detectReset(current, previous)) {
      correction = correction === undefined ? previous : add(window, correction, previous);
    }
    previous = current;
  }
  return correction;
}

/** Adds two histograms that both have exponential or both have custom buckets. */
function add({ evaluator, at }: HistogramWindow, a: Histogram, b: Histogram): Histogram {
  const { histogram, reconciled } = tryAddHistograms(a, b)!;
  if (reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
  return histogram;
}
