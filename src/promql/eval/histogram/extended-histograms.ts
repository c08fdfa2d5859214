// Ranges with `anchored` and `smoothed` over native histograms: rate and its kin between the range's exact edges.

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
  onlyHistograms,
  windowFunction,
  type HistogramWindow,
  type WindowFunction,
  type WindowResult,
} from './histogram-range.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { interpolateHistograms, type TimedHistogram } from './interpolate-histograms.js';

/**
 * What a function makes of extended windows with histograms; undefined for one that takes no such range.
 *
 * A window's samples are those of the range and of its extension; `startMs` and `endMs` are the range's own.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`, `pickFirstSampleIndices`).
 */
export function extendedWindowFunction(func: string, extension: Extension): WindowFunction | undefined {
  switch (func) {
    case 'rate':
      return (window) => difference(window, extension, true, true);
    case 'increase':
      return (window) => difference(window, extension, true, false);
    case 'delta':
      return (window) => difference(window, extension, false, false);
    case 'changes':
    case 'resets': {
      const count = windowFunction(func)!;
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
  const samples = samplesOf(window, extension);
  if (samples === undefined || !isConsistent(window, samples, isCounter)) return undefined;
  const smooths = extension === 'smoothed';
  const left = leftEdge(window, samples, smooths, isCounter);
  const right = rightEdge(window, samples, smooths, isCounter);
  if (left === undefined || right === undefined) return undefined;
  if (!isCounter && (left.hint !== 'gauge' || right.hint !== 'gauge')) {
    evaluator.warn(ANNOTATION_TEXTS.notGauge(metricName), at);
  }
  const grown = trySubtractHistograms(right, left)!;
  if (grown.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  let result = grown.histogram;
  if (isCounter) {
    const lost = lostAtResets(window, samples, { left, right, smooths });
    if (lost !== undefined) result = add(window, result, lost);
  }
  if (isRate) result = divideHistogram(result, (endMs - startMs) / 1000);
  return { ...result, hint: 'gauge' };
}

/** The samples of a window that count, at least one; undefined when there are none or floats between them. */
function samplesOf(window: HistogramWindow, extension: Extension): readonly TimedHistogram[] | undefined {
  const histograms = onlyHistograms(window);
  if (histograms === undefined) return undefined;
  const { timestamps, from } = window;
  const edges = edgeSamples(timestamps, window, extension);
  if (edges === undefined) return undefined;
  return histograms
    .slice(edges.first - from, edges.last + 1 - from)
    .map((histogram, i) => ({ timeMs: timestamps[edges.first + i]!, histogram }));
}

/** Warns of gauges that are taken for counters. Source: ibid. (`validateHistogramRange`). */
function isConsistent(
  { evaluator, at, metricName }: HistogramWindow,
  samples: readonly TimedHistogram[],
  isCounter: boolean,
): boolean {
  const custom = usesCustomBuckets(samples[0]!.histogram);
  for (const { histogram } of samples) {
    if (usesCustomBuckets(histogram) !== custom) {
      evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
      return false;
    }
    if (isCounter && histogram.hint === 'gauge') evaluator.warn(ANNOTATION_TEXTS.notCounter(metricName), at);
  }
  return true;
}

function leftEdge(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  smooths: boolean,
  isCounter: boolean,
): Histogram | undefined {
  const first = samples[0]!;
  if (!smooths || first.timeMs >= window.startMs) return first.histogram;
  return interpolateHistograms(window, first, samples[1]!, window.startMs, isCounter);
}

function rightEdge(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  smooths: boolean,
  isCounter: boolean,
): Histogram | undefined {
  const last = samples.at(-1)!;
  const previous = samples.at(-2);
  if (!smooths || previous === undefined || last.timeMs <= window.endMs) return last.histogram;
  return interpolateHistograms(window, previous, last, window.endMs, isCounter);
}

interface EdgeHistograms {
  readonly left: Histogram;
  readonly right: Histogram;
  readonly smooths: boolean;
}

/**
 * What a counter had reached at its resets between the edges; undefined when there were none. The right edge stands
 * for the last sample, whose hint it has; a reset that the left edge has been interpolated over is in it already.
 *
 * Source: ibid. (`correctForCounterResetsHistogram`).
 */
function lostAtResets(
  window: HistogramWindow,
  samples: readonly TimedHistogram[],
  { left, right, smooths }: EdgeHistograms,
): Histogram | undefined {
  let [previous, next] = [left, 1];
  const [first, second] = [samples[0]!, samples[1]];
  if (smooths && second !== undefined && first.timeMs < window.startMs) {
    if (detectReset(second.histogram, first.histogram)) [previous, next] = [second.histogram, 2];
  }
  // Nothing lies between the edges.
  if (next > samples.length - 1) return undefined;
  let lost: Histogram | undefined;
  for (const current of [...samples.slice(next, -1).map(({ histogram }) => histogram), right]) {
    if (detectReset(current, previous)) lost = lost === undefined ? previous : add(window, lost, previous);
    previous = current;
  }
  return lost;
}

/** The sum of two of one kind of buckets. */
function add({ evaluator, at }: HistogramWindow, a: Histogram, b: Histogram): Histogram {
  const { histogram, reconciled } = tryAddHistograms(a, b)!;
  if (reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
  return histogram;
}
