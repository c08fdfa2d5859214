// Differences of native histograms for rate, increase, delta, irate and idelta.

import {
  createHistogram,
  detectReset,
  tryAddHistograms,
  trySubtractHistograms,
  usesCustomBuckets,
  type Histogram,
} from '../../../model/index.js';
import { isStartTimestampReset, type SamplesWithStarts } from '../../functions/index.js';
import type { PlanNode } from '../../plan/index.js';

import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import type { RunningCount } from '../range/running-count.js';
import type { Evaluator } from '../evaluator.js';

/** The target of annotations and the metric that they name. */
interface AnnotationTarget {
  readonly evaluator: Evaluator;
  readonly at: PlanNode;
  readonly metricName: string;
}

/** A window without floats. */
interface CounterWindow extends AnnotationTarget, SamplesWithStarts {
  /** Index of the first sample. */
  readonly from: number;
  /** Counts the samples that follow a counter reset. */
  readonly resets: RunningCount;
}

/**
 * Returns the difference between the last and the first histogram of a window. For a counter the values before its
 * resets are added. The result is a gauge. Undefined, with a warning, for a mix of exponential and custom buckets.
 *
 * Source: Prometheus, promql/functions.go (`histogramRate`).
 */
export function tryHistogramIncrease(
  window: CounterWindow,
  all: readonly Histogram[],
  isCounter: boolean,
): Histogram | undefined {
  const { evaluator, at, metricName, from, resets } = window;
  const last = all.at(-1)!;
  let previous = all[0]!;
  if (isCounter) {
    if (all.some(({ hint }) => hint === 'gauge')) evaluator.warn(ANNOTATION_TEXTS.notCounter(metricName), at);
    // A reset after the first sample replaces it by an empty histogram, so that its layout is ignored.
    const second = all[1]!;
    if (resets.has(from + 1)) {
      previous = createHistogram({ schema: second.schema, customValues: second.customValues });
    }
  }
  const isCustom = usesCustomBuckets(previous);
  const relevant = isCounter ? all.slice(1) : [last];
  if (relevant.some((histogram) => usesCustomBuckets(histogram) !== isCustom)) {
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  const difference = trySubtractHistograms(last, previous)!;
  if (difference.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  // The coarsest layout of all relevant histograms, also of those that are only used at resets.
  const schema = relevant.reduce((min, histogram) => Math.min(min, histogram.schema), previous.schema);
  let increase = toSchema(difference.histogram, schema);
  if (isCounter) {
    for (let i = 1; i < all.length; i++) {
      const wasReset =
        i > 1
          ? resets.has(from + i)
          : isStartTimestampReset(window, from + 1) || detectReset(all[1]!, previous);
      if (wasReset) {
        const sum = tryAddHistograms(increase, previous)!;
        if (sum.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('addition'), at);
        increase = sum.histogram;
      }
      previous = all[i]!;
    }
  } else if (all[0]!.hint !== 'gauge' || last.hint !== 'gauge') {
    evaluator.warn(ANNOTATION_TEXTS.notGauge(metricName), at);
  }
  return { ...increase, hint: 'gauge' };
}

/** Reduces the resolution of a histogram to a schema. */
function toSchema(histogram: Histogram, schema: number): Histogram {
  if (histogram.schema <= schema) return histogram;
  const { zeroThreshold } = histogram;
  return tryAddHistograms(histogram, createHistogram({ schema, zeroThreshold }))!.histogram;
}

/**
 * Returns the difference of two consecutive histograms, or the last one of a counter that was reset. The result is a
 * gauge. Undefined, with a warning, for a mix of exponential and custom buckets.
 *
 * Source: Prometheus, promql/functions.go (`instantValue`).
 */
export function tryInstantDifference(
  { evaluator, at, metricName }: AnnotationTarget,
  previous: Histogram,
  last: Histogram,
  isCounter: boolean,
  wasReset: boolean,
): Histogram | undefined {
  const hints = [previous.hint, last.hint];
  if (isCounter && hints.includes('gauge')) evaluator.warn(ANNOTATION_TEXTS.notCounter(metricName), at);
  if (!isCounter && hints.some((hint) => hint !== 'gauge')) {
    evaluator.warn(ANNOTATION_TEXTS.notGauge(metricName), at);
  }
  if (isCounter && wasReset) return { ...last, hint: 'gauge' };
  const difference = trySubtractHistograms(last, previous);
  if (difference === undefined) {
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  if (difference.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  return { ...difference.histogram, hint: 'gauge' };
}
