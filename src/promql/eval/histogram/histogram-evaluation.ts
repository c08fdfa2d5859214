// Evaluation of functions that accept classic histograms, whose buckets are series, and native histograms.

import {
  histogramWeight,
  tryParseFloat,
  type Column,
  type Histogram,
  type Labels,
} from '../../../model/index.js';
import type { PlanNode } from '../../plan/index.js';
import { BUCKET_BOUND, BUCKET_LABELS, BUCKET_RANGE } from '../../functions/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { removeName, type ColumnIdentity } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import {
  RangeHistogram,
  tryRangeBucket,
  type CumulativeBucket,
  type RangeBucket,
} from './range-histogram.js';

const BOUND_LABELS: ReadonlySet<string> = new Set([BUCKET_BOUND]);

/** Number of buckets visited between two checks of the pacer. */
const BUCKETS_PER_CHECK = 5000;

/** Computes the result for one histogram at one step. */
export interface HistogramFunction {
  /** Receives `size` cumulative counts with ascending bounds. The arrays are scratch space and may be changed. */
  classic(bounds: Float64Array, counts: Float64Array, size: number, step: number): number;
  /** Like `classic`, for a histogram of VictoriaMetrics. Bounds are distinct and must not be changed. NaN becomes a gap. */
  ranged(bounds: Float64Array, counts: Float64Array, size: number, step: number): number;
  native(histogram: Histogram, step: number, metricName: string): number;
}

/** The buckets of one classic histogram, with ascending bounds. */
interface ClassicHistogram {
  readonly identity: ColumnIdentity;
  readonly buckets: CumulativeBucket[];
  /** The buckets with ranges. With one or more, the rules of VictoriaMetrics apply to all buckets. */
  ranges?: RangeBucket[];
}

/**
 * Evaluates a function of histograms: one column for each classic and each native histogram. A step at which a
 * histogram is both has no result, with a warning. The vector is not changed.
 *
 * A series without a valid `le` but with a valid `vmrange` is a bucket of VictoriaMetrics. Its histogram is evaluated as
 * VictoriaMetrics does, and has no result at steps without observations.
 *
 * Source: Prometheus, promql/engine.go (`resetHistograms`).
 */
export async function evalHistograms(
  evaluator: Evaluator,
  vector: VectorOperand,
  vectorNode: PlanNode,
  func: HistogramFunction,
): Promise<Column[]> {
  const evaluation = new HistogramEvaluation(evaluator, vectorNode, func);
  await evaluation.addClassic(vector);
  await evaluation.evalNative(vector);
  await evaluation.evalClassic();
  return evaluation.columns;
}

class HistogramEvaluation {
  readonly columns: Column[] = [];
  readonly #evaluator: Evaluator;
  /** Position of annotations. */
  readonly #vectorNode: PlanNode;
  readonly #func: HistogramFunction;
  /** Classic histograms by the key of their labels, which include the name. */
  readonly #classic = new Map<string, ClassicHistogram>();
  /** 1 at steps at which a histogram is both classic and native, by the key of its labels. */
  readonly #mixedSteps = new Map<string, Uint8Array>();

  constructor(evaluator: Evaluator, vectorNode: PlanNode, func: HistogramFunction) {
    this.#evaluator = evaluator;
    this.#vectorNode = vectorNode;
    this.#func = func;
  }

  /** Collects the classic histograms of a vector. Adds a warning for a series without a valid bucket label. */
  async addClassic({ columns }: VectorOperand): Promise<void> {
    const { pacer } = this.#evaluator;
    for (const column of columns) {
      if (pacer.due) await pacer.pause();
      if (column.histograms !== undefined && !column.present.includes(1)) continue;
      const le = column.labels.get(BUCKET_BOUND);
      const bound = tryParseFloat(le);
      if (bound === undefined) {
        const range = tryRangeBucket(column.labels.get(BUCKET_RANGE), column);
        if (range !== undefined) {
          const histogram = this.#histogramOf(column.labels.drop(BUCKET_LABELS));
          (histogram.ranges ??= []).push(range);
          continue;
        }
        const text = ANNOTATION_TEXTS.badBucketLabel(le, column.labels.metricName);
        this.#evaluator.warn(text, this.#vectorNode);
        continue;
      }
      this.#histogramOf(column.labels.drop(BOUND_LABELS)).buckets.push({ bound, column });
    }
    for (const { buckets } of this.#classic.values()) {
      buckets.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0));
    }
  }

  /** @param labels those of the histogram, with the name. */
  #histogramOf(labels: Labels): ClassicHistogram {
    let histogram = this.#classic.get(labels.key);
    if (histogram === undefined) {
      histogram = { identity: removeName(this.#evaluator, labels), buckets: [] };
      this.#classic.set(labels.key, histogram);
    }
    return histogram;
  }

  /** Evaluates the native histograms. The classic ones must have been added. */
  async evalNative({ columns }: VectorOperand): Promise<void> {
    const { pacer, grid } = this.#evaluator;
    for (const { labels, present, histograms } of columns) {
      if (histograms === undefined) continue;
      if (pacer.due) await pacer.pause();
      const { key } = labels.drop(BOUND_LABELS);
      const classic = this.#classic.get(key);
      const output = this.#newColumn(removeName(this.#evaluator, labels));
      let visited = 0;
      for (let step = 0; step < grid.count; step++) {
        if (present[step] !== 2) continue;
        visited += histogramWeight(histograms[step]!);
        if (visited > BUCKETS_PER_CHECK) {
          visited = 0;
          if (pacer.due) await pacer.pause();
        }
        if (classic !== undefined && hasBucketAt(classic, step)) {
          this.#markMixed(key, step, labels.metricName);
          continue;
        }
        output.values[step] = this.#func.native(histograms[step]!, step, labels.metricName);
        output.present[step] = 1;
      }
    }
  }

  /** Evaluates the classic histograms. The native ones must have been evaluated. */
  async evalClassic(): Promise<void> {
    const { pacer, grid } = this.#evaluator;
    for (const [key, { identity, buckets, ranges }] of this.#classic) {
      if (ranges !== undefined) {
        await this.#evalRanged(key, identity, await RangeHistogram.create(this.#evaluator, ranges, buckets));
        continue;
      }
      const output = this.#newColumn(identity);
      const mixedSteps = this.#mixedSteps.get(key);
      const bounds = new Float64Array(buckets.length);
      const counts = new Float64Array(buckets.length);
      let visited = 0;
      for (let step = 0; step < grid.count; step++) {
        visited += buckets.length;
        if (visited > BUCKETS_PER_CHECK) {
          visited = 0;
          if (pacer.due) await pacer.pause();
        }
        let size = 0;
        for (const { bound, column } of buckets) {
          if (column.present[step] !== 1) continue;
          bounds[size] = bound;
          counts[size] = column.values[step]!;
          size++;
        }
        if (size === 0 || mixedSteps?.[step] === 1) continue;
        output.values[step] = this.#func.classic(bounds, counts, size, step);
        output.present[step] = 1;
      }
    }
  }

  async #evalRanged(key: string, identity: ColumnIdentity, histogram: RangeHistogram): Promise<void> {
    const { pacer, grid } = this.#evaluator;
    const output = this.#newColumn(identity);
    const mixedSteps = this.#mixedSteps.get(key);
    const { bounds } = histogram;
    const counts = new Float64Array(bounds.length);
    let visited = 0;
    for (let step = 0; step < grid.count; step++) {
      visited += bounds.length;
      if (visited > BUCKETS_PER_CHECK) {
        visited = 0;
        if (pacer.due) await pacer.pause();
      }
      if (mixedSteps?.[step] === 1) continue;
      histogram.readCounts(step, counts);
      const value = this.#func.ranged(bounds, counts, bounds.length, step);
      if (Number.isNaN(value)) continue;
      output.values[step] = value;
      output.present[step] = 1;
    }
    histogram.release(this.#evaluator);
  }

  #newColumn({ labels, dropsName }: ColumnIdentity): Column {
    const column = this.#evaluator.newColumn(labels, dropsName);
    this.columns.push(column);
    return column;
  }

  #markMixed(key: string, step: number, metricName: string): void {
    let steps = this.#mixedSteps.get(key);
    if (steps === undefined) {
      steps = new Uint8Array(this.#evaluator.grid.count);
      this.#mixedSteps.set(key, steps);
    }
    steps[step] = 1;
    this.#evaluator.warn(ANNOTATION_TEXTS.mixedClassic(metricName), this.#vectorNode);
  }
}

/** Reports whether any bucket of a classic histogram has a sample at a step. */
function hasBucketAt({ buckets, ranges = [] }: ClassicHistogram, step: number): boolean {
  const hasSample = ({ column }: { readonly column: Column }): boolean => column.present[step] === 1;
  return buckets.some(hasSample) || ranges.some(hasSample);
}
