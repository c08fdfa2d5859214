// Compensated summation of floats.

/**
 * A running sum with Neumaier's compensation. The compensation is dropped when the sum becomes infinite; an infinite
 * sum would otherwise turn into NaN.
 *
 * Source: Prometheus, util/kahansum (`Inc`).
 */
export class CompensatedSum {
  sum = 0;
  compensation = 0;

  /** Replaces the sum and its compensation. */
  reset(sum: number, compensation: number): void {
    this.sum = sum;
    this.compensation = compensation;
  }

  /** Adds a value. */
  add(value: number): void {
    const next = this.sum + value;
    if (next === Infinity || next === -Infinity) this.compensation = 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.compensation += this.sum - next + value;
    else this.compensation += value - next + this.sum;
    this.sum = next;
  }

  /** The compensated sum. */
  get total(): number {
    return this.sum + this.compensation;
  }
}

/**
 * Computes the mean of the values from index `from` inclusive to `to` exclusive, at least one. It is the compensated
 * sum divided by the count. Once the sum would overflow, the mean is computed incrementally.
 *
 * Source: Prometheus, promql/functions.go (`funcAvgOverTime`) and engine.go (`aggregation`, AVG), which agree.
 */
export function meanOf(values: Float64Array, from: number, to: number): number {
  const sum = new CompensatedSum();
  sum.sum = values[from]!;
  let incremental = false;
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!;
    const count = i - from + 1;
    if (!incremental) {
      const next = sum.sum + value;
      if (next !== Infinity && next !== -Infinity) {
        sum.add(value);
        continue;
      }
      incremental = true;
      sum.reset(sum.sum / (count - 1), sum.compensation / (count - 1));
    }
    const weight = (count - 1) / count;
    sum.reset(weight * sum.sum, weight * sum.compensation);
    sum.add(value / count);
  }
  if (incremental) return sum.total;
  return sum.sum / (to - from) + sum.compensation / (to - from);
}
