// Sums and means of many native histograms, compensated bucket by bucket.

import { divideHistogram, multiplyHistogram, tryAlign, tryAddHistograms } from './arithmetic.js';
import { createHistogram, type Histogram, type SparseBuckets } from './histogram.js';

/**
 * Adds histograms up with Neumaier's compensation; for a mean, goes on incrementally from where the sum would
 * overflow.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`KahanAdd`), promql/engine.go (`aggregation`).
 */
export class HistogramSum {
  /** Operands had different custom bounds. */
  reconciled = false;
  readonly #isMean: boolean;
  #sum: Histogram;
  /** Of the layout of the sum; its counts are what rounding lost. */
  #lost: Histogram;
  #added = 1;
  #incremental = false;
  #sawReset: boolean;
  #sawNoReset: boolean;

  constructor(first: Histogram, isMean: boolean) {
    this.#isMean = isMean;
    this.#sum = first;
    const { schema, zeroThreshold, customValues } = first;
    this.#lost = createHistogram({ schema, zeroThreshold, customValues });
    this.#sawReset = first.hint === 'reset';
    this.#sawNoReset = first.hint === 'not_reset';
  }

  /** @returns false when only one of them has custom buckets: the sum is then of no use. */
  tryAdd(next: Histogram): boolean {
    this.#added++;
    if (next.hint === 'reset') this.#sawReset = true;
    if (next.hint === 'not_reset') this.#sawNoReset = true;
    if (this.#isMean && !this.#incremental) {
      const plain = tryAddHistograms(this.#sum, next);
      if (plain === undefined) return false;
      if (overflows(plain.histogram)) {
        this.#incremental = true;
        this.#sum = divideHistogram(this.#sum, this.#added - 1);
        this.#lost = divideHistogram(this.#lost, this.#added - 1);
      }
    }
    if (!this.#incremental) return this.#tryAdd(next);
    const weight = (this.#added - 1) / this.#added;
    this.#sum = multiplyHistogram(this.#sum, weight);
    this.#lost = multiplyHistogram(this.#lost, weight);
    return this.#tryAdd(divideHistogram(next, this.#added));
  }

  /** One operand said "reset", another "not reset". */
  get collision(): boolean {
    return this.#sawReset && this.#sawNoReset;
  }

  /** The sum or the mean of what was added. */
  get total(): Histogram {
    const whole = tryAddHistograms(this.#sum, this.#lost)!.histogram;
    const { hint } = this.#sum;
    if (!this.#isMean || this.#incremental) return { ...whole, hint };
    return { ...divideHistogram(whole, this.#added), hint };
  }

  #tryAdd(next: Histogram): boolean {
    const hints = tryAddHistograms(this.#sum, next);
    const aligned = tryAlign(this.#sum, next);
    if (hints === undefined || aligned === undefined) return false;
    const { a, b, reconciled } = aligned;
    if (reconciled) this.reconciled = true;
    const lost = tryAlign(this.#lost, { ...a, positive: b.positive, negative: b.negative })!.a;
    const zero = add(a.zeroCount, lost.zeroCount, b.zeroCount);
    const count = add(a.count, lost.count, b.count);
    const sum = add(a.sum, lost.sum, b.sum);
    const positive = addBuckets(a.positive, lost.positive, b.positive);
    const negative = addBuckets(a.negative, lost.negative, b.negative);
    const pick = (which: 0 | 1): Partial<Histogram> => ({
      zeroCount: zero[which],
      count: count[which],
      sum: sum[which],
      positive: positive[which],
      negative: negative[which],
    });
    this.#sum = { ...a, ...pick(0), hint: hints.histogram.hint };
    this.#lost = { ...a, ...pick(1), hint: 'unknown' };
    return true;
  }
}

/** One step of Neumaier's sum: the new sum and what it has lost so far. */
function add(sum: number, lost: number, value: number): readonly [number, number] {
  const next = sum + value;
  if (next === Infinity || next === -Infinity) return [next, 0];
  if (Math.abs(sum) >= Math.abs(value)) return [next, lost + (sum - next + value)];
  return [next, lost + (value - next + sum)];
}

function addBuckets(
  sum: SparseBuckets,
  lost: SparseBuckets,
  value: SparseBuckets,
): readonly [SparseBuckets, SparseBuckets] {
  const [sums, losses, values] = [sum, lost, value].map(
    ({ indices, counts }) => new Map(indices.map((index, i) => [index, counts[i]!])),
  );
  const indices = [...new Set([...sum.indices, ...lost.indices, ...value.indices])].sort((a, b) => a - b);
  const added = indices.map((index) =>
    add(sums!.get(index) ?? 0, losses!.get(index) ?? 0, values!.get(index) ?? 0),
  );
  const part = (which: 0 | 1): SparseBuckets => {
    const kept = indices.flatMap((index, i) =>
      added[i]![which] === 0 ? [] : [[index, added[i]![which]] as const],
    );
    return { indices: kept.map(([index]) => index), counts: kept.map(([, count]) => count) };
  };
  return [part(0), part(1)];
}

function overflows({ zeroCount, count, sum, positive, negative }: Histogram): boolean {
  return [zeroCount, count, sum, ...positive.counts, ...negative.counts].some(
    (value) => value === Infinity || value === -Infinity,
  );
}
