// How much native histograms grew: the differences under rate, increase, delta, irate and idelta.

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

/** Where annotations go and what they name. */
interface Reported {
  readonly evaluator: Evaluator;
  readonly at: PlanNode;
  readonly metricName: string;
}

/** A window of histograms alone: the first is at `from`, and `resets` knows which of them begin anew. */
interface CounterWindow extends Reported, SamplesWithStarts {
  readonly from: number;
  readonly resets: RunningCount;
}

/**
 * The last histogram less the first, plus what was lost at each reset between them if it is a counter. A gauge.
 * Undefined, with a warning, when exponential and custom buckets mix.
 *
 * Source: Prometheus, promql/functions.go (`histogramRate`).
 */
export function histogramIncrease(
  window: CounterWindow,
  all: readonly Histogram[],
  isCounter: boolean,
): Histogram | undefined {
  const { evaluator, at, metricName, from, resets } = window;
  const last = all.at(-1)!;
  let previous = all[0]!;
  if (isCounter) {
    if (all.some(({ hint }) => hint === 'gauge')) evaluator.warn(ANNOTATION_TEXTS.notCounter(metricName), at);
    // A first sample before a reset does not count, nor does its layout.
    const second = all[1]!;
    if (resets.has(from + 1)) {
      previous = createHistogram({ schema: second.schema, customValues: second.customValues });
    }
  }
  const custom = usesCustomBuckets(previous);
  const relevant = isCounter ? all.slice(1) : [last];
  if (relevant.some((histogram) => usesCustomBuckets(histogram) !== custom)) {
    evaluator.warn(ANNOTATION_TEXTS.mixedSchemas(metricName), at);
    return undefined;
  }
  const difference = trySubtractHistograms(last, previous)!;
  if (difference.reconciled) evaluator.info(ANNOTATION_TEXTS.reconciled('subtraction'), at);
  // In the coarsest layout of all that count, though the samples between do so at resets only.
  const schema = relevant.reduce((least, one) => Math.min(least, one.schema), previous.schema);
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

function toSchema(histogram: Histogram, schema: number): Histogram {
  if (histogram.schema <= schema) return histogram;
  const { zeroThreshold } = histogram;
  return tryAddHistograms(histogram, createHistogram({ schema, zeroThreshold }))!.histogram;
}

/**
 * The last histogram less the one before it; of a counter that was reset, the last one. A gauge.
 *
 * Source: Prometheus, promql/functions.go (`instantValue`).
 */
export function differenceOfLastTwo(
  { evaluator, at, metricName }: Reported,
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
