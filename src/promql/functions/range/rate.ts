// Range functions of slopes between samples: rate, increase, delta, irate, idelta, changes, resets.

import { extrapolationFactor } from './extrapolation.js';
import { eachWindow, type RangeFunction, type Windows } from './range-function.js';
import { sumsAreExact } from './sliding-sum.js';
import { isStartTimestampReset, tryZeroTime } from './start-timestamps.js';

/**
 * rate, increase and delta: the difference of the last and the first sample, corrected for counter resets, and
 * extrapolated to the window's edges. A counter that says within the window when it was zero counts from there, be it
 * by a single sample.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 */
function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return {
    keepsName: false,
    expectsCounter: isCounter,
    hasQuantileArgument: false,
    // Of values with fractions what was lost at resets is added up again for each window.
    slides: !isCounter,
    dependsOnStepTime: false,
    start: (windows, _args, output) => {
      const { timestamps, values, startTimestamps, from, to, rangeMs, firstEndMs, endStepMs } = windows;
      const losses = isCounter ? new Losses(windows) : undefined;
      const knowsStarts = isCounter && startTimestamps !== undefined;
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const first = from[step]!;
          const last = to[step]! - 1;
          if (last < first) continue;
          const endMs = firstEndMs + step * endStepMs;
          const startMs = endMs - rangeMs;
          const zeroMs = knowsStarts ? tryZeroTime(windows, first, startMs) : undefined;
          if (last === first && zeroMs === undefined) continue;
          let result = values[last]! - values[first]!;
          if (losses !== undefined) result = losses.addTo(result, first, last);
          const share = isCounter && result > 0 && values[first]! >= 0 ? values[first]! / result : NaN;
          let factor = extrapolationFactor(timestamps, first, last, startMs, endMs, share, zeroMs);
          if (zeroMs !== undefined) result += values[first]!;
          if (isRate) factor /= rangeMs / 1000;
          output.values[step] = result * factor;
          output.present[step] = 1;
        }
      };
    },
  };
}

function isReset(samples: Windows, index: number): boolean {
  return samples.values[index]! < samples.values[index - 1]! || isStartTimestampReset(samples, index);
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

  constructor(samples: Windows) {
    const { values } = samples;
    this.#values = values;
    for (let i = 1; i < values.length; i++) if (isReset(samples, i)) this.#resets.push(i);
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
  const compute = (samples: Windows, _from: number, to: number): number => {
    const { timestamps, values } = samples;
    const last = values[to - 1]!;
    const previous = values[to - 2]!;
    const wasReset = isRate && isReset(samples, to - 1);
    const result = wasReset ? last : last - previous;
    return isRate ? result / ((timestamps[to - 1]! - timestamps[to - 2]!) / 1000) : result;
  };
  return eachWindow(2, compute, { slides: true });
}

/** A count of samples for which `counts` is true, given one before it in the window, from running totals. */
function countNeighbours(counts: (samples: Windows, index: number) => boolean): RangeFunction {
  return {
    keepsName: false,
    expectsCounter: false,
    hasQuantileArgument: false,
    slides: true,
    dependsOnStepTime: false,
    start: (windows, _args, output) => {
      const { values, from, to } = windows;
      const running = new Uint32Array(values.length);
      for (let i = 1; i < values.length; i++) {
        running[i] = running[i - 1]! + (counts(windows, i) ? 1 : 0);
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
const changes = countNeighbours(({ values }, index) => {
  const [previous, current] = [values[index - 1]!, values[index]!];
  return current !== previous && !(Number.isNaN(current) && Number.isNaN(previous));
});

/** Source: Prometheus, promql/functions.go (`funcResets`). */
const resets = countNeighbours(isReset);

export const RATE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: fromLastTwo(true),
  idelta: fromLastTwo(false),
  changes,
  resets,
};
