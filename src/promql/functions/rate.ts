// Range functions of slopes between samples: rate, increase, delta, irate, idelta, changes, resets.

import { eachWindow, type RangeFunction, type Windows } from './range-function.js';
import { sumsAreExact } from './sliding-sum.js';

/**
 * rate, increase and delta: the difference of the last and the first sample, corrected for counter resets, and
 * extrapolated to the window's edges: up to an edge when it is nearer than 1.1 times the mean distance of the
 * samples, else by half that distance; a counter no further back than where it would have been zero.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 */
function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return {
    keepsName: false,
    wantsCounter: isCounter,
    takesQuantile: false,
    // Of values with fractions what was lost at resets is added up again for each window.
    slides: !isCounter,
    seesStepTime: false,
    start: (windows, _args, output) => {
      const { timestamps, values, from, to, rangeMs, firstEndMs, endStepMs } = windows;
      const losses = isCounter ? new Losses(values) : undefined;
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const first = from[step]!;
          const last = to[step]! - 1;
          if (last <= first) continue;
          let result = values[last]! - values[first]!;
          if (losses !== undefined) result = losses.addTo(result, first, last);
          const endMs = firstEndMs + step * endStepMs;
          let toStart = (timestamps[first]! - (endMs - rangeMs)) / 1000;
          let toEnd = (endMs - timestamps[last]!) / 1000;
          const sampled = (timestamps[last]! - timestamps[first]!) / 1000;
          const spacing = sampled / (last - first);
          const threshold = spacing * 1.1;
          if (toStart >= threshold) toStart = spacing / 2;
          if (isCounter && result > 0 && values[first]! >= 0) {
            const toZero = sampled * (values[first]! / result);
            if (toZero < toStart) toStart = toZero;
          }
          if (toEnd >= threshold) toEnd = spacing / 2;
          let factor = (sampled + toStart + toEnd) / sampled;
          if (isRate) factor /= rangeMs / 1000;
          output.values[step] = result * factor;
          output.present[step] = 1;
        }
      };
    },
  };
}

/** What a counter had reached at each of its resets, for windows that slide. */
class Losses {
  /** The indices of the samples that begin anew. */
  readonly #resets: number[] = [];
  readonly #values: Float64Array;
  /** Sums of all that was lost before each reset; undefined where they would not be the sums of a scan. */
  readonly #before: Float64Array | undefined;
  #first = 0;
  #end = 0;

  constructor(values: Float64Array) {
    this.#values = values;
    for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) this.#resets.push(i);
    const count = this.#resets.length;
    if (count === 0 || !sumsAreExact(values, count + 2)) return;
    this.#before = new Float64Array(count + 1);
    this.#resets.forEach((index, r) => {
      this.#before![r + 1] = this.#before![r]! + values[index - 1]!;
    });
  }

  /** The increase between two samples, plus what was lost between them, in the order in which a scan adds it. */
  addTo(increase: number, first: number, last: number): number {
    const resets = this.#resets;
    while (this.#first < resets.length && resets[this.#first]! <= first) this.#first++;
    if (this.#end < this.#first) this.#end = this.#first;
    while (this.#end < resets.length && resets[this.#end]! <= last) this.#end++;
    if (this.#before !== undefined) return increase + (this.#before[this.#end]! - this.#before[this.#first]!);
    let result = increase;
    for (let r = this.#first; r < this.#end; r++) result += this.#values[resets[r]! - 1]!;
    return result;
  }
}

/**
 * irate and idelta: from the last two samples. A counter that was reset between them counts from zero.
 *
 * Source: Prometheus, promql/functions.go (`instantValue`).
 */
function fromLastTwo(isRate: boolean): RangeFunction {
  const compute = ({ timestamps, values }: Windows, _from: number, to: number): number => {
    const last = values[to - 1]!;
    const previous = values[to - 2]!;
    const wasReset = isRate && last < previous;
    const result = wasReset ? last : last - previous;
    return isRate ? result / ((timestamps[to - 1]! - timestamps[to - 2]!) / 1000) : result;
  };
  return eachWindow(2, compute, { slides: true });
}

/** A count of neighbours for which `counts` is true, from running totals. */
function countNeighbours(counts: (previous: number, current: number) => boolean): RangeFunction {
  return {
    keepsName: false,
    wantsCounter: false,
    takesQuantile: false,
    slides: true,
    seesStepTime: false,
    start: ({ values, from, to }, _args, output) => {
      const running = new Uint32Array(values.length);
      for (let i = 1; i < values.length; i++) {
        running[i] = running[i - 1]! + (counts(values[i - 1]!, values[i]!) ? 1 : 0);
      }
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          if (to[step]! <= from[step]!) continue;
          output.values[step] = running[to[step]! - 1]! - running[from[step]!]!;
          output.present[step] = 1;
        }
      };
    },
  };
}

/** Source: Prometheus, promql/functions.go (`funcChanges`): NaN to NaN is no change. */
const changes = countNeighbours(
  (previous, current) => current !== previous && !(Number.isNaN(current) && Number.isNaN(previous)),
);

/** Source: Prometheus, promql/functions.go (`funcResets`). */
const resets = countNeighbours((previous, current) => current < previous);

export const RATE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: fromLastTwo(true),
  idelta: fromLastTwo(false),
  changes,
  resets,
};
