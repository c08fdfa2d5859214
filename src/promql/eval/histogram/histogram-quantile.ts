// histogram_quantile and histogram_fraction, of classic and native histograms.

import {
  bucketFraction,
  bucketQuantile,
  formatShort,
  nativeFraction,
  nativeQuantile,
  rangeFraction,
  rangeQuantile,
  type MonotonicityFix,
} from '../../functions/index.js';
import type { CallNode, PlanNode } from '../../plan/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { mergeSameLabels } from '../columns.js';
import type { Evaluator, ScalarOperand, VectorOperand } from '../evaluator.js';
import { evalHistograms } from './histogram-evaluation.js';

/**
 * Evaluates histogram_quantile: the quantile of each histogram at each step at which it has a bucket.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramQuantile`).
 *
 * @param operands the arguments if they have been evaluated already.
 */
export async function evalHistogramQuantile(
  evaluator: Evaluator,
  node: CallNode,
  operands?: { readonly quantiles: ScalarOperand; readonly vector: VectorOperand },
): Promise<VectorOperand> {
  const [quantileNode, vectorNode] = [node.args[0]!, node.args[1]!];
  const [q, vector] = await Promise.all([
    operands?.quantiles ?? evaluator.evaluateScalar(quantileNode),
    operands?.vector ?? evaluator.evaluateVector(vectorNode),
  ]);
  await warnOfInvalidQuantiles(evaluator, q, quantileNode);
  const { grid } = evaluator;
  const fixes = new MonotonicityFixes();
  const columns = await evalHistograms(evaluator, vector, vectorNode, {
    classic: (bounds, counts, size, step) => {
      const { value, monotonicityFix } = bucketQuantile(q.values[step]!, bounds, counts, size);
      if (monotonicityFix !== undefined) fixes.add(monotonicityFix, grid.startMs + step * grid.stepMs);
      return value;
    },
    ranged: (bounds, counts, size, step) => rangeQuantile(q.values[step]!, bounds, counts, size),
    native: (histogram, step, metricName) => {
      const { value, nanObservations } = nativeQuantile(q.values[step]!, histogram);
      if (nanObservations === 'result') evaluator.info(ANNOTATION_TEXTS.quantileNaN(metricName), vectorNode);
      if (nanObservations === 'skew') {
        evaluator.info(ANNOTATION_TEXTS.quantileSkewed(metricName), vectorNode);
      }
      return value;
    },
  });
  const text = fixes.annotation();
  if (text !== undefined) evaluator.info(text, vectorNode);
  evaluator.release(q, vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** Number of values for which a warning is added. Annotations keep no more of them. */
const MAX_INVALID = 10_000;

/** Adds a warning for each invalid quantile. */
async function warnOfInvalidQuantiles(
  evaluator: Evaluator,
  { values }: ScalarOperand,
  at: PlanNode,
): Promise<void> {
  const invalid = new Set<number>();
  const running = evaluator.forSteps((fromStep, toStep) => {
    for (let step = fromStep; step < toStep && invalid.size < MAX_INVALID; step++) {
      const value = values[step]!;
      if (!(value >= 0 && value <= 1)) invalid.add(value);
    }
  });
  if (running !== undefined) await running;
  for (const value of invalid) evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(value), at);
}

/**
 * Evaluates histogram_fraction: the fraction of each histogram's observations between two values.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramFraction`).
 */
export async function evalHistogramFraction(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [lowerNode, upperNode, vectorNode] = [node.args[0]!, node.args[1]!, node.args[2]!];
  const [lower, upper, vector] = await Promise.all([
    evaluator.evaluateScalar(lowerNode),
    evaluator.evaluateScalar(upperNode),
    evaluator.evaluateVector(vectorNode),
  ]);
  const columns = await evalHistograms(evaluator, vector, vectorNode, {
    classic: (bounds, counts, size, step) =>
      bucketFraction(lower.values[step]!, upper.values[step]!, bounds, counts, size),
    ranged: (bounds, counts, size, step) =>
      rangeFraction(lower.values[step]!, upper.values[step]!, bounds, counts, size),
    native: (histogram, step, metricName) => {
      if (Number.isNaN(histogram.sum) && histogram.count !== 0) {
        evaluator.info(ANNOTATION_TEXTS.fractionNaN(metricName), vectorNode);
      }
      return nativeFraction(lower.values[step]!, upper.values[step]!, histogram);
    },
  });
  evaluator.release(lower, upper, vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** One annotation for all samples whose buckets had to be made monotonic. Source: Prometheus, util/annotations. */
class MonotonicityFixes {
  #minBound = Infinity;
  #maxBound = -Infinity;
  #maxDifference = 0;
  #count = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  add({ minBound, maxBound, maxDifference }: MonotonicityFix, timeMs: number): void {
    this.#minBound = Math.min(this.#minBound, minBound);
    this.#maxBound = Math.max(this.#maxBound, maxBound);
    this.#maxDifference = Math.max(this.#maxDifference, maxDifference);
    this.#firstMs = Math.min(this.#firstMs, timeMs);
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    this.#count++;
  }

  /** Returns the text of the annotation, or `undefined` if nothing was fixed. */
  annotation(): string | undefined {
    if (this.#count === 0) return undefined;
    const bounds = `from buckets ${formatShort(this.#minBound)} to ${formatShort(this.#maxBound)}`;
    const difference = `with a max diff of ${formatShort(Number(this.#maxDifference.toPrecision(2)))}`;
    const times = `from ${formatSecond(this.#firstMs)} to ${formatSecond(this.#lastMs)}`;
    return (
      'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
      `, ${bounds}, ${difference}, over ${this.#count} samples ${times}`
    );
  }
}

/** Prints a time as RFC 3339 in whole seconds. */
function formatSecond(timeMs: number): string {
  return new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
