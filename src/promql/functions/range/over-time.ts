// Range functions that aggregate the samples of a window: the *_over_time functions.

import { quantileOf, quantileOfLong, quantileOfSorted } from '../quantile/quantile.js';
import {
  DEFAULT_TRAITS,
  eachWindow,
  LONG_WINDOW,
  type ComputeWindow,
  type Pauses,
  type RangeFunction,
  type Windows,
} from './range-function.js';
import { trySlidingSum } from './sliding-sum.js';
import { SortedWindow } from './sorted-window.js';
import { CompensatedSum, meanOf } from '../summation.js';

/**
 * Creates a function of the sum of a window. Uses a sliding sum when it is exact, else `scan`.
 *
 * @param finish computes the result from an exact sum and the number of samples.
 */
function sumFunction(scan: ComputeWindow, finish: (sum: number, count: number) => number): RangeFunction {
  const scanning = eachWindow(1, scan);
  return {
    ...scanning,
    start: (windows, args, output, pauses) => {
      const sumAt = trySlidingSum(windows);
      if (sumAt === undefined) return scanning.start(windows, args, output, pauses);
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const count = windows.to[step]! - windows.from[step]!;
          if (count <= 0) continue;
          output.values[step] = finish(sumAt(step), count);
          output.present[step] = 1;
        }
      };
    },
  };
}

/** Source: Prometheus, promql/functions.go (`funcSumOverTime`). */
const sum = sumFunction(
  ({ values }, from, to) => {
    const running = new CompensatedSum();
    for (let i = from; i < to; i++) running.add(values[i]!);
    return Math.abs(running.sum) === Infinity ? running.sum : running.total;
  },
  (total) => total,
);

const avg = sumFunction(
  ({ values }, from, to) => meanOf(values, from, to),
  (total, count) => total / count,
);

/**
 * Creates a function of the variance by Welford's method, with both sums compensated. Scans each window: the running
 * mean depends on the order of the samples, so a sliding variance would differ by rounding.
 *
 * Source: Prometheus, promql/functions.go (`varianceOverTime`).
 */
function variance(finish: (variance: number) => number): RangeFunction {
  return eachWindow(1, ({ values }, from, to) => {
    const mean = new CompensatedSum();
    const squares = new CompensatedSum();
    for (let i = from; i < to; i++) {
      const delta = values[i]! - mean.total;
      mean.add(delta / (i - from + 1));
      squares.add(delta * (values[i]! - mean.total));
    }
    return finish(squares.total / (to - from));
  });
}

/**
 * Creates a function of the sample with the maximum or minimum value of a window. A monotonic queue of the candidates
 * slides along, so that each sample is visited a bounded number of times.
 *
 * @param lastOfEquals true to take the last of equal values, false to take the first.
 * @param result computes the result from the index of the sample, −1 when all are NaN, and the end of the window.
 */
function extremeFunction(
  isMax: boolean,
  lastOfEquals: boolean,
  result: (windows: Windows, index: number, to: number) => number,
): RangeFunction {
  const isReplaced = (old: number, value: number): boolean =>
    (isMax ? old < value : old > value) || (lastOfEquals && old === value);
  return {
    ...DEFAULT_TRAITS,
    slides: true,
    start: (windows, _args, output) => {
      const { values, from, to } = windows;
      const queue = new Int32Array(values.length);
      let head = 0;
      let tail = 0;
      let next = 0;
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const first = from[step]!;
          const end = to[step]!;
          if (end <= first) continue;
          if (next < first) next = first;
          for (; next < end; next++) {
            const value = values[next]!;
            if (Number.isNaN(value)) continue;
            while (tail > head && isReplaced(values[queue[tail - 1]!]!, value)) tail--;
            queue[tail++] = next;
          }
          while (head < tail && queue[head]! < first) head++;
          output.values[step] = result(windows, head < tail ? queue[head]! : -1, end);
          output.present[step] = 1;
        }
      };
    },
  };
}

/**
 * Creates max_over_time and min_over_time. NaN counts only when all values are NaN; of equal values the first one
 * counts.
 *
 * Source: Prometheus, promql/functions.go (`compareOverTime`).
 */
function extreme(isMax: boolean): RangeFunction {
  return extremeFunction(isMax, false, ({ values }, index) => (index < 0 ? NaN : values[index]!));
}

/**
 * Creates ts_of_max_over_time and ts_of_min_over_time: the time, in seconds since the epoch, of the last sample with
 * the extreme value. NaN counts only when all values are NaN.
 */
function timeOfExtreme(isMax: boolean): RangeFunction {
  return extremeFunction(
    isMax,
    true,
    ({ timestamps }, index, to) => timestamps[index < 0 ? to - 1 : index]! / 1000,
  );
}

/** Source: Prometheus, promql/functions.go (`funcQuantileOverTime`). */
const quantile: RangeFunction = {
  ...DEFAULT_TRAITS,
  hasQuantileArgument: true,
  sorts: true,
  start: ({ values, from, to }, args, output, pauses) => {
    const window = new SortedWindow(values);
    const runLong = async (step: number): Promise<void> => {
      const copy = values.slice(from[step], to[step]);
      output.values[step] = await quantileOfLong(args[0]![step]!, copy, pauses);
      output.present[step] = 1;
    };
    return (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (to[step]! <= from[step]!) continue;
        if (to[step]! - from[step]! > LONG_WINDOW) return runLong(step);
        output.values[step] = quantileOfSorted(args[0]![step]!, window.moveTo(from[step]!, to[step]!));
        output.present[step] = 1;
      }
      return undefined;
    };
  },
};

/**
 * The median absolute deviation; NaN when any value is NaN. Scans each window, as all deviations change with the
 * median.
 *
 * Source: Prometheus, promql/functions.go (`funcMadOverTime`).
 */
const madOfWindow = eachWindow(
  1,
  ({ values }, from, to) => {
    const window = values.slice(from, to);
    if (window.some(Number.isNaN)) return NaN;
    const median = quantileOf(0.5, window);
    return quantileOf(
      0.5,
      window.map((value) => Math.abs(value - median)),
    );
  },
  { sorts: true },
);

const mad: RangeFunction = {
  ...madOfWindow,
  start: (windows, args, output, pauses) => {
    const run = madOfWindow.start(windows, args, output, pauses);
    const { values, from, to } = windows;
    const runLong = async (step: number): Promise<void> => {
      output.values[step] = await madOfLong(values.slice(from[step], to[step]), pauses);
      output.present[step] = 1;
    };
    return (fromStep, toStep) => {
      const last = toStep - 1;
      const isLong = last >= fromStep && to[last]! - from[last]! > LONG_WINDOW;
      if (!isLong) return run(fromStep, toStep);
      void run(fromStep, last);
      return runLong(last);
    };
  },
};

/** Reorders and changes `window`. */
async function madOfLong(window: Float64Array, pauses: Pauses): Promise<number> {
  for (const value of window) if (Number.isNaN(value)) return NaN;
  const median = await quantileOfLong(0.5, window, pauses);
  for (let i = 0; i < window.length; i++) window[i] = Math.abs(window[i]! - median);
  return quantileOfLong(0.5, window, pauses);
}

/** The functions of this file by name. */
export const OVER_TIME_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  sum_over_time: sum,
  avg_over_time: avg,
  count_over_time: eachWindow(1, (_windows, from, to) => to - from, { slides: true }),
  min_over_time: extreme(false),
  max_over_time: extreme(true),
  stddev_over_time: variance(Math.sqrt),
  stdvar_over_time: variance((value) => value),
  quantile_over_time: quantile,
  first_over_time: eachWindow(1, ({ values }, from) => values[from]!, { slides: true, keepsName: true }),
  last_over_time: eachWindow(1, ({ values }, _from, to) => values[to - 1]!, {
    slides: true,
    keepsName: true,
  }),
  present_over_time: eachWindow(1, () => 1, { slides: true }),
  mad_over_time: mad,
  ts_of_first_over_time: eachWindow(1, ({ timestamps }, from) => timestamps[from]! / 1000, { slides: true }),
  ts_of_last_over_time: eachWindow(1, ({ timestamps }, _from, to) => timestamps[to - 1]! / 1000, {
    slides: true,
  }),
  ts_of_max_over_time: timeOfExtreme(true),
  ts_of_min_over_time: timeOfExtreme(false),
};
