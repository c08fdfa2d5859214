// Range functions of differences between samples: rate, increase, delta, irate, idelta, changes, resets.

import { extrapolationFactor } from './extrapolation.js';
import { DEFAULT_TRAITS, eachWindow, type RangeFunction, type Windows } from './range-function.js';
import { sumsAreExact } from './sliding-sum.js';
import { isStartTimestampReset, tryZeroTime } from './start-timestamps.js';

/**
 * Creates rate, increase and delta: the difference of the last and the first sample, corrected for counter resets and
 * extrapolated to the window's edges. A counter whose start timestamp lies in the window counts from there, and a
 * single sample is then enough.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`).
 */
function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return {
    ...DEFAULT_TRAITS,
    expectsCounter: isCounter,
    // Corrections of values with fractions are added up again for each window.
    slides: !isCounter,
    start: (windows, _args, output) => {
      const { timestamps, values, startTimestamps, from, to, rangeMs, firstEndMs, endStepMs } = windows;
      const corrections = isCounter ? new ResetCorrections(windows) : undefined;
      const hasStarts = isCounter && startTimestamps !== undefined;
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const first = from[step]!;
          const last = to[step]! - 1;
          if (last < first) continue;
          const endMs = firstEndMs + step * endStepMs;
          const startMs = endMs - rangeMs;
          const zeroMs = hasStarts ? tryZeroTime(windows, first, startMs) : undefined;
          if (last === first && zeroMs === undefined) continue;
          let result = values[last]! - values[first]!;
          if (corrections !== undefined) result = corrections.addTo(result, first, last);
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

/** Reports whether the counter was reset between the sample at `index` and the one before it. */
function isReset(samples: Windows, index: number): boolean {
  return samples.values[index]! < samples.values[index - 1]! || isStartTimestampReset(samples, index);
}

/** Corrections for counter resets, for sliding windows. The correction of a reset is the value before it. */
class ResetCorrections {
  /** Indices of the first samples after a reset. */
  readonly #resets: number[] = [];
  readonly #values: Float64Array;
  /** Running sums of the corrections. Undefined when their differences could differ from a scan's sums by rounding. */
  readonly #sums: Float64Array | undefined;
  /** The resets in the current window: indices of `#resets`, the end exclusive. */
  #first = 0;
  #end = 0;

  constructor(samples: Windows) {
    const { values } = samples;
    this.#values = values;
    for (let i = 1; i < values.length; i++) if (isReset(samples, i)) this.#resets.push(i);
    const count = this.#resets.length;
    if (count === 0 || !sumsAreExact(values, count + 2)) return;
    // Differences of running sums lose the sign of a correction of -0.
    if (this.#resets.some((index) => Object.is(values[index - 1], -0))) return;
    this.#sums = new Float64Array(count + 1);
    this.#resets.forEach((index, r) => {
      this.#sums![r + 1] = this.#sums![r]! + values[index - 1]!;
    });
  }

  /**
   * Returns the increase between two samples plus the corrections between them, in the order in which a scan adds them.
   * Neither index may be lower than in the previous call.
   */
  addTo(increase: number, first: number, last: number): number {
    const resets = this.#resets;
    while (this.#first < resets.length && resets[this.#first]! <= first) this.#first++;
    if (this.#end < this.#first) this.#end = this.#first;
    while (this.#end < resets.length && resets[this.#end]! <= last) this.#end++;
    // An increase of -0 keeps its sign.
    if (this.#first === this.#end) return increase;
    if (this.#sums !== undefined) return increase + (this.#sums[this.#end]! - this.#sums[this.#first]!);
    let result = increase;
    for (let r = this.#first; r < this.#end; r++) result += this.#values[resets[r]! - 1]!;
    return result;
  }
}

/**
 * Creates irate and idelta, of the last two samples. A counter that was reset between them counts from zero.
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

/**
 * Creates a function that counts the samples, other than the first of a window, for which `isCounted` is true. Uses
 * running totals.
 */
function countNeighbours(isCounted: (samples: Windows, index: number) => boolean): RangeFunction {
  return {
    ...DEFAULT_TRAITS,
    slides: true,
    start: (windows, _args, output) => {
      const { values, from, to } = windows;
      const running = new Uint32Array(values.length);
      for (let i = 1; i < values.length; i++) {
        running[i] = running[i - 1]! + (isCounted(windows, i) ? 1 : 0);
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

/** NaN after NaN is not a change. Source: Prometheus, promql/functions.go (`funcChanges`). */
const changes = countNeighbours(({ values }, index) => {
  const [previous, current] = [values[index - 1]!, values[index]!];
  return current !== previous && !(Number.isNaN(current) && Number.isNaN(previous));
});

/** Source: Prometheus, promql/functions.go (`funcResets`). */
const resets = countNeighbours(isReset);

/** The functions of this file by name. */
export const RATE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: fromLastTwo(true),
  idelta: fromLastTwo(false),
  changes,
  resets,
};
