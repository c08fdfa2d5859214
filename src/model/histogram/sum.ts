// Sums and means of native histograms, with compensation for every bucket.

import { divideHistogram, mergeHints, multiplyHistogram, tryAlign, tryAddHistograms } from './arithmetic.js';
import { createHistogram, type Histogram, type SparseBuckets } from './histogram.js';

/**
 * A running sum or mean of histograms with Neumaier's compensation. A mean is computed incrementally once the sum would
 * overflow.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`KahanAdd`), promql/engine.go (`aggregation`).
 */
export class HistogramSum {
  /** True when operands had different custom bounds. */
  reconciled = false;
  readonly #isMean: boolean;
  #sum: Histogram;
  /** The rounding error of `#sum`, in the same layout. */
  #compensation: Histogram;
  /** Number of operands. */
  #count = 1;
  #incremental = false;
  #hasReset: boolean;
  #hasNoReset: boolean;

  /** @param isMean true for a mean, false for a sum. */
  constructor(first: Histogram, isMean: boolean) {
    this.#isMean = isMean;
    this.#sum = first;
    const { schema, zeroThreshold, customValues } = first;
    this.#compensation = createHistogram({ schema, zeroThreshold, customValues });
    this.#hasReset = first.hint === 'reset';
    this.#hasNoReset = first.hint === 'not_reset';
  }

  /** Adds an operand. Returns false when only some operands have custom buckets: the sum is then invalid. */
  tryAdd(next: Histogram): boolean {
    this.#count++;
    if (next.hint === 'reset') this.#hasReset = true;
    if (next.hint === 'not_reset') this.#hasNoReset = true;
    if (this.#isMean && !this.#incremental) {
      const plain = tryAddHistograms(this.#sum, next);
      if (plain === undefined) return false;
      if (overflows(plain.histogram)) {
        this.#incremental = true;
        this.#sum = divideHistogram(this.#sum, this.#count - 1);
        this.#compensation = divideHistogram(this.#compensation, this.#count - 1);
      }
    }
    if (!this.#incremental) return this.#tryAccumulate(next);
    const weight = (this.#count - 1) / this.#count;
    this.#sum = multiplyHistogram(this.#sum, weight);
    this.#compensation = multiplyHistogram(this.#compensation, weight);
    return this.#tryAccumulate(divideHistogram(next, this.#count));
  }

  /** True when hints of operands conflict: `reset` and `not_reset`. */
  get collision(): boolean {
    return this.#hasReset && this.#hasNoReset;
  }

  /** The sum or the mean of all operands. */
  get total(): Histogram {
    const compensated = tryAddHistograms(this.#sum, this.#compensation)!.histogram;
    const { hint } = this.#sum;
    if (!this.#isMean || this.#incremental) return { ...compensated, hint };
    return { ...divideHistogram(compensated, this.#count), hint };
  }

  /** Adds to the sum and its compensation. Returns false as `tryAdd` does. */
  #tryAccumulate(next: Histogram): boolean {
    const aligned = tryAlign(this.#sum, next);
    if (aligned === undefined) return false;
    const { a, b, reconciled } = aligned;
    if (reconciled) this.reconciled = true;
    const compensation = tryAlign(this.#compensation, {
      ...a,
      positive: b.positive,
      negative: b.negative,
    })!.a;
    const zero = add(a.zeroCount, compensation.zeroCount, b.zeroCount);
    const count = add(a.count, compensation.count, b.count);
    const sum = add(a.sum, compensation.sum, b.sum);
    const positive = addBuckets(a.positive, compensation.positive, b.positive);
    const negative = addBuckets(a.negative, compensation.negative, b.negative);
    const pick = (which: 0 | 1): Partial<Histogram> => ({
      zeroCount: zero[which],
      count: count[which],
      sum: sum[which],
      positive: positive[which],
      negative: negative[which],
    });
    this.#sum = { ...a, ...pick(0), hint: mergeHints(a.hint, b.hint) };
    this.#compensation = { ...a, ...pick(1), hint: 'unknown' };
    return true;
  }
}

/** One step of Neumaier's summation. Returns the new sum and the new compensation, which is 0 for an infinite sum. */
function add(sum: number, compensation: number, value: number): readonly [number, number] {
  const next = sum + value;
  if (next === Infinity || next === -Infinity) return [next, 0];
  if (Math.abs(sum) >= Math.abs(value)) return [next, compensation + (sum - next + value)];
  return [next, compensation + (value - next + sum)];
}

/** Adds buckets one by one as `add` does. Counts of 0 are dropped. */
function addBuckets(
  sum: SparseBuckets,
  compensation: SparseBuckets,
  value: SparseBuckets,
): readonly [SparseBuckets, SparseBuckets] {
  const sums = { indices: [] as number[], counts: [] as number[] };
  const compensations = { indices: [] as number[], counts: [] as number[] };
  let [i, j, k] = [0, 0, 0];
  for (;;) {
    const index = Math.min(
      sum.indices[i] ?? Infinity,
      compensation.indices[j] ?? Infinity,
      value.indices[k] ?? Infinity,
    );
    if (index === Infinity) return [sums, compensations];
    const added = add(
      sum.indices[i] === index ? sum.counts[i++]! : 0,
      compensation.indices[j] === index ? compensation.counts[j++]! : 0,
      value.indices[k] === index ? value.counts[k++]! : 0,
    );
    if (added[0] !== 0) {
      sums.indices.push(index);
      sums.counts.push(added[0]);
    }
    if (added[1] !== 0) {
      compensations.indices.push(index);
      compensations.counts.push(added[1]);
    }
  }
}

function overflows({ zeroCount, count, sum, positive, negative }: Histogram): boolean {
  return [zeroCount, count, sum, ...positive.counts, ...negative.counts].some(
    (value) => value === Infinity || value === -Infinity,
  );
}
