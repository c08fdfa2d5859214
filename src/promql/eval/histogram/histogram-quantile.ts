// histogram_quantile and histogram_fraction, of classic histograms, whose buckets are series of their own, and of
// native ones.

import type { Column, Histogram as NativeHistogram } from '../../../model/index.js';
import {
  bucketFraction,
  bucketQuantile,
  formatShort,
  nativeFraction,
  nativeQuantile,
  tryParseBound,
  type MonotonicityFix,
} from '../../functions/index.js';
import type { CallNode, PlanNode } from '../../plan/index.js';

import { mergeSameLabels, removeName, type ColumnIdentity } from '../columns.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import type { ScalarOperand, Evaluator, VectorOperand } from '../evaluator.js';

/** The label of a bucket's upper bound. */
const BUCKET_LABEL = 'le';
const BUCKET_LABELS: ReadonlySet<string> = new Set([BUCKET_LABEL]);

/** The buckets of one histogram, their bounds ascending. */
interface Histogram {
  readonly identity: ColumnIdentity;
  readonly buckets: { readonly bound: number; readonly column: Column }[];
}

/**
 * The quantile of each histogram at each step at which it has a bucket. `given` stands in for the arguments when they
 * have been evaluated already.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramQuantile`), engine.go (`resetHistograms`).
 */
export async function evalHistogramQuantile(
  evaluator: Evaluator,
  node: CallNode,
  given?: { readonly quantiles: ScalarOperand; readonly vector: VectorOperand },
): Promise<VectorOperand> {
  const [quantileNode, vectorNode] = [node.args[0]!, node.args[1]!];
  const [q, vector] = await Promise.all([
    given?.quantiles ?? evaluator.evaluateScalar(quantileNode),
    given?.vector ?? evaluator.evaluateVector(vectorNode),
  ]);
  for (const value of new Set(q.values)) {
    if (!(value >= 0 && value <= 1)) evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(value), quantileNode);
  }
  const forced = new ForcedReport();
  const columns = await perHistogram(evaluator, vector, vectorNode, {
    classic: (bounds, counts, filled, step) => {
      const result = bucketQuantile(q.values[step]!, bounds, counts, filled);
      if (result.monotonicityFix !== undefined) {
        forced.add(result.monotonicityFix, evaluator.grid.startMs + step * evaluator.grid.stepMs);
      }
      return result.value;
    },
    native: (histogram, step, metricName) => {
      const { value, nanObservations } = nativeQuantile(q.values[step]!, histogram);
      if (nanObservations === 'result') evaluator.info(ANNOTATION_TEXTS.quantileNaN(metricName), vectorNode);
      if (nanObservations === 'skew') evaluator.info(ANNOTATION_TEXTS.quantileSkewed(metricName), vectorNode);
      return value;
    },
  });
  if (forced.text !== undefined) evaluator.info(forced.text, vectorNode);
  evaluator.release(q, vector);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/**
 * The share of each histogram's observations between two values.
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
  const columns = await perHistogram(evaluator, vector, vectorNode, {
    classic: (bounds, counts, filled, step) =>
      bucketFraction(lower.values[step]!, upper.values[step]!, bounds, counts, filled),
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

/** What is computed of one histogram at one step. */
interface HistogramReader {
  /** Of the first `filled` bounds and counts, which are scratch. */
  classic(bounds: Float64Array, counts: Float64Array, filled: number, step: number): number;
  native(histogram: NativeHistogram, step: number, metricName: string): number;
}

/**
 * A column for each classic and each native histogram. Where one and the same is both at a step it has no result.
 *
 * Source: Prometheus, promql/engine.go (`resetHistograms`).
 */
async function perHistogram(
  evaluator: Evaluator,
  vector: VectorOperand,
  vectorNode: PlanNode,
  reader: HistogramReader,
): Promise<Column[]> {
  const columns: Column[] = [];
  const classic = await histogramsOf(evaluator, vector, vectorNode);
  const taken = await readNative(evaluator, vector, vectorNode, reader, classic, columns);
  for (const [key, { identity, buckets }] of classic) {
    const target = evaluator.newColumn(identity.labels, identity.dropsName);
    const bounds = new Float64Array(buckets.length);
    const counts = new Float64Array(buckets.length);
    let cost = 0;
    for (let step = 0; step < evaluator.grid.count; step++) {
      cost += buckets.length;
      if (cost > 5000) {
        cost = 0;
        if (evaluator.pacer.due) await evaluator.pacer.pause();
      }
      let filled = 0;
      for (const { bound, column } of buckets) {
        if (column.present[step] !== 1) continue;
        bounds[filled] = bound;
        counts[filled] = column.values[step]!;
        filled++;
      }
      if (filled === 0 || taken.get(key)?.[step] === 1) continue;
      target.values[step] = reader.classic(bounds, counts, filled, step);
      target.present[step] = 1;
    }
    columns.push(target);
  }
  return columns;
}

/** Reads the native histograms. @returns the steps at which a classic histogram must not be read, by its key. */
async function readNative(
  evaluator: Evaluator,
  vector: VectorOperand,
  vectorNode: PlanNode,
  reader: HistogramReader,
  classic: ReadonlyMap<string, Histogram>,
  columns: Column[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const taken = new Map<string, Uint8Array>();
  for (const { labels, present, histograms } of vector.columns) {
    if (histograms === undefined) continue;
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const { key } = labels.drop(BUCKET_LABELS);
    const rival = classic.get(key);
    const identity = removeName(evaluator, labels);
    const target = evaluator.newColumn(identity.labels, identity.dropsName);
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (present[step] !== 2) continue;
      if (rival?.buckets.some(({ column }) => column.present[step] === 1)) {
        let steps = taken.get(key);
        if (steps === undefined) taken.set(key, (steps = new Uint8Array(evaluator.grid.count)));
        steps[step] = 1;
        evaluator.warn(ANNOTATION_TEXTS.mixedClassic(labels.metricName), vectorNode);
        continue;
      }
      target.values[step] = reader.native(histograms[step]!, step, labels.metricName);
      target.present[step] = 1;
    }
    columns.push(target);
  }
  return taken;
}

/** Classic histograms by the key of their labels, the name among them. */
async function histogramsOf(
  evaluator: Evaluator,
  vector: VectorOperand,
  vectorNode: PlanNode,
): Promise<ReadonlyMap<string, Histogram>> {
  const histograms = new Map<string, Histogram>();
  for (const column of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (column.histograms !== undefined && !column.present.includes(1)) continue;
    const le = column.labels.get(BUCKET_LABEL);
    const bound = tryParseBound(le);
    if (bound === undefined) {
      evaluator.warn(ANNOTATION_TEXTS.badBucketLabel(le, column.labels.metricName), vectorNode);
      continue;
    }
    const labels = column.labels.drop(BUCKET_LABELS);
    const histogram = histograms.get(labels.key);
    if (histogram === undefined) {
      histograms.set(labels.key, { identity: removeName(evaluator, labels), buckets: [{ bound, column }] });
    } else {
      histogram.buckets.push({ bound, column });
    }
  }
  for (const { buckets } of histograms.values()) {
    buckets.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0));
  }
  return histograms;
}

/** One annotation for all samples whose buckets had to be forced. Source: Prometheus, util/annotations. */
class ForcedReport {
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

  get text(): string | undefined {
    if (this.#count === 0) return undefined;
    const bounds = `from buckets ${formatShort(this.#minBound)} to ${formatShort(this.#maxBound)}`;
    const difference = `with a max diff of ${formatShort(Number(this.#maxDifference.toPrecision(2)))}`;
    const times = `from ${wholeSecond(this.#firstMs)} to ${wholeSecond(this.#lastMs)}`;
    return (
      'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
      `, ${bounds}, ${difference}, over ${this.#count} samples ${times}`
    );
  }
}

function wholeSecond(timeMs: number): string {
  return new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
